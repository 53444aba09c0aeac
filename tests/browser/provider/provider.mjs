// A real OpenID Connect provider for the tests: whoever says a name at it is that person.
// Arguments: the folder with its packages, port, client, secret, where browsers are led back to, and after signing out.
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packages, port, client, secret, back, out] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(path.join(packages, "oidc-provider", "lib", "index.js")));

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: client, client_secret: secret, redirect_uris: [back], post_logout_redirect_uris: [out] }],
  claims: { openid: ["sub"], profile: ["preferred_username"] },
  cookies: { keys: [secret] },
  features: { claimsParameter: { enabled: true }, devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, name) => ({ accountId: name, claims: () => ({ sub: `id of ${name}`, preferred_username: name }) }),
  pkce: { required: () => true },
});
provider.listen(Number(port), "127.0.0.1");
