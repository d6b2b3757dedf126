import QRCode from 'qrcode';

/** WhatsApp's codes are long: little error correction keeps the modules large enough for old cameras. */
const OPTIONS = { errorCorrectionLevel: 'L', margin: 4 } as const;

export function qrPng(text: string): Promise<Buffer> {
  return QRCode.toBuffer(text, { ...OPTIONS, type: 'png', width: 512 });
}

export function qrSvg(text: string): Promise<string> {
  return QRCode.toString(text, { ...OPTIONS, type: 'svg' });
}

export function qrDataUrl(text: string): Promise<string> {
  return QRCode.toDataURL(text, { ...OPTIONS, type: 'image/png', width: 512 });
}
