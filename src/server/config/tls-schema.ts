import { z } from 'zod';

const file = z
  .string()
  .refine((value) => value.length > 0 && value.length <= 4096 && !value.includes('\0'), {
    message: 'a path to a file in PEM',
  })
  .meta({ allowed: 'a path to a file in PEM' });

const section = z.strictObject({
  cert: file.describe('The certificate of the server, then those between it and its authority'),
  key: file.describe('The private key of the certificate'),
  passphrase: z
    .string()
    .min(1)
    .max(4096)
    .meta({ secret: true, allowed: 'a text of 1 to 4096 characters' })
    .optional()
    .describe('What the private key is encrypted with'),
  ca: file
    .optional()
    .describe('The authorities that client certificates are verified against, and no others'),
  clientAuth: z
    .enum(['none', 'request', 'require'])
    .default('none')
    .describe(
      'Whether clients are asked for a certificate: `request` lets those without a verified one in as if they had none, ' +
        '`require` refuses them',
    ),
});

/** `tls` */
export const tlsSchema = section
  .refine(({ ca, clientAuth }) => clientAuth === 'none' || ca !== undefined, {
    path: ['ca'],
    message: 'a path to a file in PEM, because `clientAuth` is not none',
  })
  .optional()
  .describe(
    'Serves https and wss, TLS 1.2 and newer, instead of http and ws. The files are read again on SIGHUP (`docs/tls.md`)',
  );

/** The section `tls`. */
export type TlsConfig = z.output<typeof section>;
