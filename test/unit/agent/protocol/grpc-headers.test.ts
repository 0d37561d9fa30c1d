import { errorFromTrailers, RunvError } from "@runv/protocol";
import { expect, test } from "vitest";
import { errorCodes } from "../../../../agent/protocol/src/errors.ts";
import { trailersOfError } from "../../../../agent/protocol/src/grpc/error-trailers.ts";
import { percentDecode, percentEncode } from "../../../../agent/protocol/src/grpc/percent-encoding.ts";
import { parseRequestHeaders } from "../../../../agent/protocol/src/grpc/request-headers.ts";
import { statusOfCode } from "../../../../agent/protocol/src/grpc/status.ts";
import { parseTimeout } from "../../../../agent/protocol/src/grpc/timeout.ts";

test.each([
  ["1H", 3_600_000],
  ["2M", 120_000],
  ["3S", 3_000],
  ["250m", 250],
  ["500u", 0.5],
  ["99999999n", 99.999999],
  ["0S", 0],
])("grpc-timeout %s is %d ms", (value, timeoutMs) => {
  expect(parseTimeout(value)).toBeCloseTo(timeoutMs, 9);
});

test.each(["", "S", "1", "-1S", "1.5S", "123456789m", "1s", "1S ", "1 S", "0x1S"])(
  "grpc-timeout %j is none",
  (value) => {
    expect(parseTimeout(value)).toBeNull();
  },
);

test.each([
  ["plain ASCII ~", "plain ASCII ~"],
  ["100%", "100%25"],
  ["a\nb\u007f", "a%0Ab%7F"],
  ["grüße 👋", "gr%C3%BC%C3%9Fe %F0%9F%91%8B"],
  ["lone \ud800 surrogate", "lone %EF%BF%BD surrogate"],
])("grpc-message of %j", (text, encoded) => {
  expect(percentEncode(text, 1_000)).toBe(encoded);
  expect(percentDecode(encoded)).toBe(text.replace("\ud800", "\ufffd"));
});

test("a message that is too long is cut between characters", () => {
  expect(percentEncode("aüb", 6)).toBe("a");
  expect(percentEncode("aüb", 7)).toBe("a%C3%BC");
});

test("broken percent-encoding comes back as it is", () => {
  expect(percentDecode("50% off %zz")).toBe("50% off %zz");
});

function crossTheWire(error: RunvError): RunvError {
  const trailers = new Map(trailersOfError(error));
  const message = percentDecode(trailers.get("grpc-message") ?? "");
  const trailer = (name: string): unknown => trailers.get(name);
  return errorFromTrailers({ status: Number(trailers.get("grpc-status")), message, trailer });
}

test.each(errorCodes)("the code %s crosses the wire, with message and context", (code) => {
  const context = { container: "c-1 ü%", pid: 7 };
  expect(crossTheWire(new RunvError(code, "it broke: ü", { context }))).toMatchObject({
    code,
    message: "it broke: ü",
    context,
  });
});

test("trailers stay below 8 KiB whatever the error holds; context that does not fit is left out", () => {
  const context = { long: "x".repeat(100_000), short: "kept" };
  const trailers = trailersOfError(new RunvError("internal", "ü".repeat(100_000), { context }));
  const size = trailers.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
  expect(size).toBeLessThan(8_192);
  expect(crossTheWire(new RunvError("internal", "m", { context })).context).toEqual({ short: "kept" });
});

test.each([
  [{ "runv-code": "no-such-code" }, "permission"],
  [{ "runv-code": 5 }, "permission"],
  [{}, "permission"],
  [{ "runv-code": "agent" }, "agent"],
])("a code that is not ours gives way to the status's: %j", (trailers: Record<string, unknown>, code) => {
  const trailer = (name: string): unknown => trailers[name];
  expect(errorFromTrailers({ status: statusOfCode.permission, message: "m", trailer }).code).toBe(code);
});

test.each(["{", "null", "7", "[]", "%", "x".repeat(5_000), '{"a":{},"b":[1],"c":true}'])(
  "a context that is not a flat object of texts and numbers is dropped: %.30s",
  (context) => {
    const trailer = (name: string): unknown => (name === "runv-context" ? context : undefined);
    expect(errorFromTrailers({ status: 99, message: "m", trailer })).toMatchObject({
      code: "internal",
      context: {},
    });
  },
);

const headers = (fields: Record<string, string>): [string, string][] =>
  Object.entries({
    ":method": "POST",
    ":path": "/s/M",
    "content-type": "application/grpc",
    ...fields,
  });

test("request headers: path, timeout and the client's own fields, doubled ones joined", () => {
  const fields: [string, string][] = [
    ...headers({ "grpc-timeout": "1S", te: "trailers", "x-a": "1" }),
    ["x-a", "2"],
  ];
  expect(parseRequestHeaders(fields)).toEqual({
    path: "/s/M",
    timeoutMs: 1_000,
    metadata: new Map([["x-a", "1,2"]]),
  });
});

test.each(["application/grpc+proto", "application/grpc;charset=utf-8", "Application/gRPC"])(
  "%s is gRPC",
  (type) => {
    expect(parseRequestHeaders(headers({ "content-type": type }))).toHaveProperty("path", "/s/M");
  },
);

test.each(["text/html", "application/grpc-web", "application/json", ""])("%j is not gRPC", (type) => {
  expect(parseRequestHeaders(headers({ "content-type": type }))).toEqual({ httpStatus: "415" });
});

test("what cannot be served is an error of the call", () => {
  expect(() => parseRequestHeaders(headers({ "grpc-encoding": "gzip" }))).toThrow(
    expect.objectContaining({ code: "unsupported" }),
  );
  expect(() => parseRequestHeaders(headers({ "grpc-timeout": "soon" }))).toThrow(
    expect.objectContaining({ code: "protocol" }),
  );
});
