// Registers, logs in by each backend, and reads the account, with the types that
// openapi-typescript makes of the document. The argument is the server's URL.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };
const url = process.argv[2];
const client = createClient<paths>({ baseUrl: url });
const credentials = { username: "ada@example.org", password: "analytical engine" };

function must<T>(name: string, data: T | undefined, error: unknown): T {
  if (data === undefined) throw new Error(`${name}: ${JSON.stringify(error)}`);
  return data;
}

const account: components["schemas"]["UserCreate"] = {
  email: credentials.username, password: credentials.password, name: "Ada", motto: "Poetical science",
};
const registered = await client.POST("/auth/register", { body: account });
const id: string = must("register", registered.data, registered.error).id;

async function me(headers: Record<string, string>): Promise<components["schemas"]["UserRead"]> {
  const read = await client.GET("/users/me", { headers });
  return must("me", read.data, read.error);
}

for (const path of ["/auth/api/login", "/auth/app/login"] as const) {
  const login = await client.POST(path, {
    body: credentials, headers: { "Content-Type": "application/x-www-form-urlencoded" },
  });
  const token: components["schemas"]["BearerResponse"] = must(path, login.data, login.error);
  const read = await me({ Authorization: `Bearer ${token.access_token}` });
  const motto: string | null = read.motto;
  if (read.id !== id || motto !== "Poetical science") throw new Error(JSON.stringify(read));
}

const byCookie = await client.POST("/auth/web/login", { body: credentials });
const cookie = byCookie.response.headers.get("set-cookie")?.split(";")[0] ?? "";
if ((await me({ Cookie: cookie })).id !== id) throw new Error("by cookie, it is somebody else");

const wrong = await client.POST("/auth/api/login", { body: { ...credentials, password: "wrong" } });
if (wrong.response.status !== 400 || (wrong.error as components["schemas"]["ErrorModel"]).detail !== "LOGIN_BAD_CREDENTIALS") {
  throw new Error(`a wrong password: ${wrong.response.status}`);
}
console.log("logged in");
