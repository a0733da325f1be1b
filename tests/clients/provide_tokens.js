// Serves an OpenID provider by oidc-provider and prints its address as JSON. Its key set rotates when it gets a line of
// input. Usage: node provide_tokens.js CLIENT_ID CLIENT_SECRET REDIRECT_URI SECONDS
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import Provider from "oidc-provider";

const [clientId, clientSecret, redirectUri, seconds] = process.argv.slice(2);

const newKey = () => ({
  ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }),
  kid: randomUUID(),
  use: "sig",
  alg: "RS256",
});

let handle = null;
const server = createServer((request, response) => handle(request, response)).listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const serve = () => {
    const provider = new Provider(issuer, {
      clients: [{
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      }],
      jwks: { keys: [newKey()] },
      cookies: { keys: ["of this test"] },
      ttl: { IdToken: Number(seconds) },
      pkce: { required: () => true },
      claims: { openid: ["sub"], profile: ["name", "role", "workspace"] },
      conformIdTokenClaims: false,
      findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({
          sub: id, name: `Person ${id}`, role: id === "mallory" ? "nothing" : "admin", workspace: "first",
        }),
      }),
    });
    handle = provider.callback();
    return provider;
  };
  serve();
  console.log(JSON.stringify({ issuer }));
  createInterface({ input: process.stdin }).on("line", () => {
    serve();
    console.log(JSON.stringify({ rotated: true }));
  });
});
