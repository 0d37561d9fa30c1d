import { expect, test } from "vitest";
import { sharedGuest } from "../harness/agent-guest.ts";
import { runContainer, sendRootfs, specContainer } from "../harness/container.ts";

const shared = sharedGuest();

/** Links of an image, and where a mount on each is to be found, as runc has it: resolved inside the root, made where nothing is. */
const links = {
  dangling: { target: "/not/there/yet", at: "/not/there/yet" },
  relative: { target: "also/missing", at: "/also/missing" },
  absolute: { target: "/opt", at: "/opt" },
  escaping: { target: "../../../../../../escaped", at: "/escaped" },
  chain: { target: "dangling/deeper", at: "/not/there/yet/deeper" },
  "usr/share/up": { target: "../../../../tmp/../var/up", at: "/var/up" },
};

const tmpfs = (destination: string) => ({ destination, type: "tmpfs", source: "x", options: [] });

test("a mount goes where symbolic links lead inside the root, and what is missing there is made", async () => {
  const request = specContainer("links", ["cat", "/proc/mounts"]);
  const destinations = Object.keys(links).map((name) => tmpfs(`/${name}/mnt`));
  const { exitCode, stdout } = await runContainer(
    shared.agent,
    shared.guest,
    { ...request, mounts: [...request.mounts, ...destinations] },
    {
      contents: {
        links: Object.fromEntries(Object.entries(links).map(([name, { target }]) => [name, target])),
      },
    },
  );
  expect(exitCode).toBe(0);
  for (const { at } of Object.values(links)) expect(stdout.toString()).toContain(`\nx ${at}/mnt tmpfs `);
});

test("the destination itself may be a link that leads to nothing yet", async () => {
  const request = specContainer("last", ["sh", "-c", "cat /proc/mounts; pwd"], { cwd: "/work" });
  const { stdout } = await runContainer(
    shared.agent,
    shared.guest,
    { ...request, mounts: [...request.mounts, tmpfs("/last"), tmpfs("/a/b/../c")] },
    { contents: { links: { last: "/new/place", work: "/made/for/work" } } },
  );
  expect(stdout.toString()).toMatch(/\nx \/new\/place tmpfs .*\nx \/a\/c tmpfs [^]*\n\/made\/for\/work\n$/);
});

test("links that go round in a circle are an error, and so is a /proc that is a link", async () => {
  const { agent, guest } = shared;
  const create = async (id: string, image: Record<string, string>) => {
    await sendRootfs(agent, guest, id, { links: image });
    const request = specContainer(id, ["true"]);
    await agent.containers.create({ ...request, mounts: [...request.mounts, tmpfs("/round")] });
  };
  await expect(create("circle", { round: "/about", about: "/round" })).rejects.toThrow(
    /mount tmpfs on \/round: ELOOP/,
  );
  await expect(create("proc", { proc: "/tmp" })).rejects.toThrow(
    /mount proc on \/proc: "proc" must be mounted on an ordinary directory/,
  );
});
