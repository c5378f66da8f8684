/** The Authorization header of SigV4: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html */
import { S3Error } from '../errors/s3-error.ts';

export const ALGORITHM = 'AWS4-HMAC-SHA256';

export interface AuthorizationHeader {
  accessKey: string;
  /** YYYYMMDD */
  date: string;
  region: string;
  service: string;
  /** date/region/service/aws4_request */
  scope: string;
  /** As it was sent: lower case, joined with `;`. */
  signedHeaders: string;
  signature: string;
}

/** @throws InvalidArgument (another scheme), InvalidRequest (SigV2), AuthorizationHeaderMalformed. */
export function parseAuthorization(header: string): AuthorizationHeader {
  if (!header.startsWith(`${ALGORITHM} `)) {
    if (header.startsWith('AWS ')) {
      throw new S3Error('InvalidRequest', `Signature version 2 is not supported. Please use ${ALGORITHM}.`);
    }
    if (header === ALGORITHM) throw malformed('Credential, SignedHeaders and Signature are missing.');
    throw new S3Error('InvalidArgument', 'Unsupported Authorization Type', {
      elements: { ArgumentName: 'Authorization' },
    });
  }
  const fields = splitFields(header.slice(ALGORITHM.length + 1));
  const { Credential: credential, SignedHeaders: signedHeaders, Signature: signature } = fields;
  if (!credential || !signedHeaders || !signature) {
    throw malformed('Credential, SignedHeaders and Signature must all be there.');
  }
  // An access key may hold slashes; the scope behind it never does.
  const words = credential.split('/');
  const [date = '', region = '', service = '', terminator = ''] = words.slice(-4);
  const accessKey = words.slice(0, -4).join('/');
  if (accessKey === '') throw malformed('The Credential must be ACCESS_KEY/DATE/REGION/SERVICE/aws4_request.');
  if (service !== 's3') throw malformed(`The service in the credential scope must be s3, not ${service}.`);
  if (terminator !== 'aws4_request') throw malformed('The credential scope must end with aws4_request.');
  return {
    accessKey,
    date,
    region,
    service,
    scope: `${date}/${region}/${service}/aws4_request`,
    signedHeaders,
    signature,
  };
}

export function malformed(detail: string, elements: Record<string, string> = {}): S3Error {
  return new S3Error('AuthorizationHeaderMalformed', `The authorization header is malformed; ${detail}`, { elements });
}

function splitFields(text: string): Record<string, string | undefined> {
  const fields: Record<string, string | undefined> = Object.create(null);
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, equals).trim();
    if (equals < 0 || fields[name] !== undefined) throw malformed('it must be a list of NAME=VALUE, each once.');
    fields[name] = part.slice(equals + 1).trim();
  }
  return fields;
}
