/** `sluice serve`: the gateway. */

import { loadStoreKeys, localTokenFile, wantsColor } from "../config/index.ts";
import { within } from "../core/deadline.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { EXIT, type Verb } from "./verb.ts";

/** Milliseconds that a store may still need to come up: services of a cluster start in any order. */
const STORE_WAIT_MS = 30_000;

export const serve: Verb = {
  help: `
  sluice serve --config triggers/ --create directory:runs          # no Redis, no cluster
  sluice serve --config triggers/ --store redis://localhost:6379   # with Redis
  sluice serve --config triggers/ --kubeconfig ~/.kube/config      # creates in a cluster
  sluice serve --from-cluster --store redis://localhost:6379       # serves a cluster's EventListeners

Webhooks go to http://<host>:8080/<namespace>/<listener>. Every option is also a variable (SLUICE_MAX_BODY) and a key
of sluice.yaml (maxBody); the command line wins over the variable, the variable over the file.`,
  options: settingOptions(),
  async run({ environment, stop }, _args, options) {
    const settings = settingsFrom(options, environment);
    const color = wantsColor(environment, process.stdout.isTTY === true);
    // Only here: the other verbs start in half the time without it.
    const { startGateway } = await import("../main.ts");
    const localToken = localTokenFile(settings, environment);
    const starting = startGateway(settings, {
      ...{ color, localToken, keys: loadStoreKeys(settings, environment, true) },
      storeWaitMs: STORE_WAIT_MS,
      stopping: stop,
    });
    // One that waits for a store or a cluster has accepted nothing yet.
    const tooLate = stop.then(() => within(starting, settings.shutdownGrace, () => undefined));
    const gateway = await Promise.race([starting, tooLate]);
    const reason = await stop;
    // Who types Ctrl-C has no load balancer that would have to hear of it first.
    await gateway?.stop(reason, reason === "SIGINT" ? 0 : settings.lameDuck);
    return EXIT.ok;
  },
};
