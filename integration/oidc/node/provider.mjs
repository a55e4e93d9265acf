// The OpenID provider that the tests log in at: oidc-provider as its documentation sets it up, with people who have one password.
// It prints its issuer and ends with its standard input.
//
//   node provider.mjs FOLDER '{"people": {"name": {"email": …}}, "password": …, "clients": […]}'
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [folder, settings] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`));
const { people, password, clients } = JSON.parse(settings);

const newKey = () => ({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig' });

const newProvider = (issuer) => new Provider(issuer, {
  clients,
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  jwks: { keys: [newKey()] },
  cookies: { keys: [randomUUID()] },
  claims: { email: ['email', 'email_verified'], profile: ['name'] },
  scopes: ['openid', 'offline_access'],
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...people[sub] }) }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  issueRefreshToken: () => true,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  routes: { userinfo: '/userinfo' },
});

// interact shows one page, for the login and for the consent.
async function interact(req, res) {
  const { uid, prompt, params, session } = await provider.interactionDetails(req, res);
  if (req.method !== 'POST') {
    res.setHeader('Content-Type', 'text/html; charset=utf-8');
    return res.end(`<!doctype html><title>Provider</title><form method="POST" action="/interaction/${uid}">
<input type="hidden" name="id" value="${uid}"><input name="username"><input name="password" type="password"><button>${prompt.name}</button></form>`);
  }
  if (prompt.name === 'login') {
    let body = '';
    for await (const part of req) body += part;
    const form = new URLSearchParams(body);
    const name = form.get('username');
    const login = people[name] && form.get('password') === password ? { login: { accountId: name } } : { error: 'access_denied' };
    return provider.interactionFinished(req, res, login);
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

let provider;
const server = createServer(async (req, res) => {
  try {
    if (req.url === '/test/rotate') {
      provider = newProvider(provider.issuer); // what it has issued is kept outside of it
      res.end();
    } else if (req.url.startsWith('/interaction/')) {
      await interact(req, res);
    } else {
      await provider.callback()(req, res);
    }
  } catch (err) {
    res.statusCode = 500;
    res.end(String(err));
  }
});
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = newProvider(issuer);
  console.log(issuer);
});
process.stdin.on('end', () => process.exit()).resume();
