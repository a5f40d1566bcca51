// Decrypts pushes with http_ece. Reads lines of JSON: {"encrypted", "privateKey", "auth"}, all base64url; prints the
// content of each in base64url.
import { createECDH } from "node:crypto";
import { createInterface } from "node:readline";
import ece from "http_ece";

for await (const line of createInterface({ input: process.stdin })) {
  const { encrypted, privateKey, auth } = JSON.parse(line);
  const key = createECDH("prime256v1");
  key.setPrivateKey(privateKey, "base64url");
  const content = ece.decrypt(Buffer.from(encrypted, "base64url"), { version: "aes128gcm", privateKey: key, authSecret: auth });
  console.log(content.toString("base64url"));
}
