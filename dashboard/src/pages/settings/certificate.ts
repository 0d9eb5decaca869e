/** When a certificate ends, in milliseconds since 1970: the second time of its Validity (RFC 5280, 4.1.2.5). */
export function certificateEnd(pem: string): number | undefined {
  const body = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (body === undefined) return undefined;
  let text: string;
  try {
    text = atob(body.replace(/\s+/g, ""));
  } catch {
    return undefined;
  }
  // Two times that follow each other: UTCTime has 13 characters, GeneralizedTime 15.
  const found = /(?:\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)/.exec(text); // eslint-disable-line no-control-regex
  const short = found?.[1];
  const digits = short === undefined ? found?.[2] : `${Number(short.slice(0, 2)) < 50 ? "20" : "19"}${short}`;
  if (digits === undefined) return undefined;
  const [, year, month, day, hour, minute, second] = /(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(digits) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}
