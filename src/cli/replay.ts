/** `sluice replay`: a stored delivery is decided again, by the gateway that serves its listener. */

import { printAddress } from "../config/describe.ts";
import { asFault, fault } from "../core/errors.ts";
import { askGateway, storeIsThere } from "./access.ts";
import { oneLine } from "./console.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { EXIT, GATEWAY, JSON_OUTPUT, type Options, textOption, type Verb, type VerbContext } from "./verb.ts";

export const replay: Verb = {
  name: "replay",
  usage: "<id>",
  summary: "decide a stored delivery again, with the triggers of now",
  help: `
A replay is a delivery of its own that points to its origin; its objects get new names. The gateway decides it, because
it knows the triggers in force. It is asked on its admin port: --gateway, else the gateway that has the store open, else
the setting admin.

  sluice replay 019ab… --reason "template was broken until 3 am"`,
  options: [
    { flags: "--reason <text>", description: "why; kept with the replay" },
    ...settingOptions("store", "admin"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run(context, [id = ""], options) {
    const url = await gatewayUrl(context, options);
    const reason = textOption(options, "reason");
    const actor = context.environment["USER"];
    const note = { ...(reason === undefined ? {} : { reason }), ...(actor === undefined ? {} : { actor }) };
    const path = `/api/v1/deliveries/${encodeURIComponent(id)}/replay`;
    const made = await askGateway<{ id: string }>(url, "POST", path, note);
    if (options["output"] === "json") context.console.json(made);
    else context.console.out(`replayed as ${oneLine(made.id)}`);
    return EXIT.ok;
  },
};

async function gatewayUrl({ environment }: VerbContext, options: Options): Promise<string> {
  const given = textOption(options, "gateway");
  if (given !== undefined) return given;
  const settings = settingsFrom(options, environment);
  if (settings.store.startsWith("embedded:")) {
    storeIsThere(settings.store);
    try {
      const { openStore } = await import("../store/open.ts");
      await (await openStore(settings.store)).close();
    } catch (error) {
      const { code, values } = asFault(error);
      if (code === "SLUICE_STORE_BUSY" && values["admin"]) return values["admin"];
      throw error;
    }
    throw fault("SLUICE_GATEWAY_AWAY", { url: settings.store, reason: "no gateway has this store open" });
  }
  const { host, port } = settings.admin;
  return `http://${printAddress({ host: host === "0.0.0.0" ? "127.0.0.1" : host, port })}`;
}
