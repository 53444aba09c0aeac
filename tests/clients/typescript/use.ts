// A rider app and an officer's program on generated types. node use.ts report|claim INPUT.json writes JSON.
import createClient from "openapi-fetch";
import type { components as IntakeShapes, paths as Intake } from "./intake.ts";
import type { components as RouterShapes, paths as Router } from "./router.ts";

type Report = IntakeShapes["schemas"]["ReportBody"];
type Row = RouterShapes["schemas"]["QueueRow"];
type Left = RouterShapes["schemas"]["LeftRow"];

export type ForRider = { url: string; token: string; picture: string; lon: number; lat: number };
export type ForOfficer = { intake: string; url: string; token: string; unit: string; case: string; photo: string };

const bearing = (token: string) => ({ Authorization: `Bearer ${token}` });
const key = () => ({ header: { "Idempotency-Key": crypto.randomUUID() } });

/** What was answered; an Error with the problem's words otherwise. */
function answered<T>(call: { data?: T; error?: { title: string; detail: string } }): NonNullable<T> {
  if (call.error !== undefined) throw new Error(`${call.error.title}: ${call.error.detail}`);
  if (call.data === undefined || call.data === null) throw new Error("no answer");
  return call.data;
}

export async function report(told: ForRider) {
  const intake = createClient<Intake>({ baseUrl: told.url, headers: bearing(told.token) });
  const picture = new Blob([Uint8Array.from(atob(told.picture), (one) => one.charCodeAt(0))], { type: "image/jpeg" });
  const sent = await intake.POST("/v1/photos", {
    params: key(),
    body: { file: picture },
    bodySerializer: () => {
      const form = new FormData();
      form.append("file", picture, "lamp.jpg");
      return form;
    },
  });
  const photo = answered(sent);
  const body: Report = {
    kind: "hazard",
    description: "the lamp is dark",
    location: { lon: told.lon, lat: told.lat, crs: "wgs84" },
    photos: [photo.id],
  };
  const accepted = answered(await intake.POST("/v1/reports", { params: key(), body }));
  if (accepted.status !== "accepted") throw new Error(`not dealt with here: ${accepted.elsewhere.text}`);
  const view = answered(await intake.GET("/v1/reports/{id}", { params: { path: { id: accepted.id } } }));
  return { photo: photo.id, report: view.id, status_text: view.status_text, description: view.description, photos: view.photos };
}

export async function claim(told: ForOfficer) {
  const intake = createClient<Intake>({ baseUrl: told.intake, headers: bearing(told.token) });
  const router = createClient<Router>({ baseUrl: told.url, headers: bearing(told.token) });
  const asked = { params: { path: { id: told.photo } }, parseAs: "blob" } as const;
  const shown: Blob = answered(await intake.GET("/v1/photos/{id}", asked));
  let queue = answered(await router.GET("/v1/queues/{unit}/cases", { params: { path: { unit: told.unit } } }));
  while (!queue.items.some((one) => one.id === told.case) && queue.next) {
    const page = { path: { unit: told.unit }, query: { cursor: queue.next } };
    queue = answered(await router.GET("/v1/queues/{unit}/cases", { params: page }));
  }
  const row: Row | undefined = queue.items.find((one) => one.id === told.case);
  const claimed = answered(
    await router.POST("/v1/cases/{id}/claim", { params: { path: { id: told.case }, ...key() }, body: {} }),
  );
  const stream = await router.GET("/v1/queues/{unit}/stream", {
    params: { path: { unit: told.unit }, query: { from: queue.stream_from } },
    parseAs: "stream",
  });
  const streamed = await caseRow(answered(stream), (one) => one.id === told.case && one.version >= claimed.version);
  return { picture: shown.size, state: claimed.state, queued: row, streamed };
}

/** The first row of the stream that is wanted. */
async function caseRow(stream: ReadableStream<Uint8Array>, wanted: (row: Row) => boolean): Promise<Row> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of stream) {
    text += decoder.decode(piece, { stream: true });
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames) {
      const fields = new Map(frame.split("\n").map((line) => line.split(/: (.*)/, 2) as [string, string]));
      const data: Row | Left | undefined = fields.has("data") ? JSON.parse(fields.get("data") ?? "") : undefined;
      if (fields.get("event") === "case" && data !== undefined && "clocks" in data && wanted(data)) return data;
    }
  }
  throw new Error("the stream ended without it");
}

declare const process: { argv: string[]; exit(code: number): never };
const [, , verb, input] = process.argv;
if (input !== undefined) {
  console.log(JSON.stringify(await (verb === "report" ? report(JSON.parse(input)) : claim(JSON.parse(input)))));
  process.exit(0);
}
