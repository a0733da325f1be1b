// PostGraphile in one process, as its documentation sets it up for production.
import { createServer } from "node:http";
import { PgAggregatesPreset } from "@graphile/pg-aggregates";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";
import { postgraphile } from "postgraphile";

const env = process.env;
const preset = {
  // Records are deleted softly: `deletedAt`, which has no index, must be a condition.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset, PgAggregatesPreset],
  pgServices: [
    makePgService({
      poolConfig: {
        host: env.BENCH_SOCKET,
        user: env.BENCH_USER,
        database: env.BENCH_DATABASE,
        max: Number(env.BENCH_POOL),
      },
      schemas: [env.BENCH_SCHEMA],
      pubsub: false,
    }),
  ],
  grafast: { explain: false },
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, websockets: false },
};

const instance = postgraphile(preset);
const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
const served = instance.createServ(grafserv);
await served.addTo(server);
server.listen(Number(process.argv[2]), "127.0.0.1");
const stop = async () => {
  server.close();
  server.closeAllConnections();
  await instance.release();
  process.exit(0);
};
process.on("SIGTERM", stop);
