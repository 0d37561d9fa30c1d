import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import { caseCount } from "../harness/sample.ts";
import { runProgram } from "./harness/run-program.ts";
import { ociSuite } from "./harness/suite.ts";

const mib = 2 ** 20;

ociSuite("standard streams", ({ test }) => {
  test("stdout and stderr stay apart", async (bed) => {
    const outcome = await bed.sh("echo out; echo err >&2; echo out2");
    expect(outcome).toEqual({ status: 0, stdout: "out\nout2\n", stderr: "err\n" });
  });

  test("the end of stdin reaches the process", async (bed) => {
    expect((await bed.sh("cat; echo end", undefined, { stdin: "text" })).stdout).toBe("textend\n");
  });

  test("no stdin reads as its end", async (bed) => {
    expect((await bed.sh("cat; echo end")).stdout).toBe("end\n");
  });

  test("bytes go through unchanged, both ways", async (bed) => {
    const data = randomBytes(caseCount({ sample: 16, full: 256 }) * mib);
    const { stdout } = await bed.sh("sha256sum", undefined, { stdin: data });
    expect(stdout.slice(0, 64)).toBe(createHash("sha256").update(data).digest("hex"));
  });

  test("a lot of output, none of it lost when the process ends at once", async (bed) => {
    const bytes = caseCount({ sample: 16, full: 256 }) * mib;
    const bundle = bed.bundle((config) => (config.process.args = ["head", "-c", String(bytes), "/dev/zero"]));
    const argv = bed.argv("run", "--bundle", bundle, bed.newId());
    const { stdout } = await runProgram(["bash", "-c", 'set -o pipefail; "$@" | wc -c', "bash", ...argv]);
    expect(stdout).toBe(`${bytes}\n`);
  });

  test("a reader that leaves ends the writer", async (bed) => {
    const bundle = bed.bundle((config) => (config.process.args = ["yes"]));
    const argv = bed.argv("run", "--bundle", bundle, bed.newId());
    const script = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"';
    const { stdout } = await runProgram(["bash", "-c", script, "bash", ...argv]);
    // SIGPIPE kills yes(1), or it sees EPIPE and exits with 1.
    expect(stdout).toMatch(/^y\n(141|1)\n$/);
  });
});
