/**
 * The closed table of S3 errors this gateway answers with: status and default message by code, after
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. `InsufficientStorage` is the one code that S3 does not have.
 */
export const S3_ERRORS = {
  AccessDenied: [403, 'Access Denied'],
  AuthorizationHeaderMalformed: [400, 'The authorization header that you provided is not valid.'],
  BadDigest: [400, 'The digest or checksum that you sent did not match what was received.'],
  BadRequest: [400, 'The request cannot be understood.'],
  BucketAlreadyOwnedByYou: [409, 'The bucket exists already, and you own it.'],
  BucketNotEmpty: [409, 'The bucket that you tried to delete is not empty.'],
  EntityTooLarge: [400, 'The upload exceeds the maximum allowed object size.'],
  IllegalLocationConstraintException: [400, 'The location constraint is not the region of this endpoint.'],
  IncompleteBody: [400, 'The body does not have the number of bytes that was declared.'],
  InsufficientStorage: [507, 'No storage node has room; deletes still work.'],
  InternalError: [500, 'An internal error occurred. Please try again.'],
  InvalidAccessKeyId: [403, 'The access key ID that you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid Argument'],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidChunkSizeError: [403, 'Only the last chunk is allowed to have a size less than 8192 bytes.'],
  InvalidDigest: [400, 'The digest or checksum that you sent is not valid.'],
  InvalidRange: [416, 'The requested range is not satisfiable.'],
  InvalidRequest: [400, 'Invalid Request'],
  InvalidURI: [400, 'The specified URI could not be parsed.'],
  KeyTooLongError: [400, 'Your key is too long.'],
  MalformedXML: [400, 'The XML that you provided was not well formed or did not validate against our schema.'],
  MaxMessageLengthExceeded: [400, 'Your request was too big.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size.'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  NoSuchBucket: [404, 'The specified bucket does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NotImplemented: [501, 'What the request asks for is not implemented.'],
  PreconditionFailed: [412, 'At least one of the preconditions that you specified did not hold.'],
  RequestHeaderSectionTooLarge: [400, 'The request headers exceed the maximum allowed size.'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  RequestTimeout: [
    400,
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ],
  ServiceUnavailable: [503, 'The service cannot handle the request now. Please try again.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  SlowDown: [503, 'Please reduce your request rate.'],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type S3ErrorCode = keyof typeof S3_ERRORS;

export interface S3ErrorOptions {
  cause?: unknown;
  /** More elements of the error document, such as `Region` or `StringToSign`. */
  elements?: Readonly<Record<string, string>>;
  /** More headers of the answer. */
  headers?: readonly string[];
}

/** A refusal on its way to the client. */
export class S3Error extends Error {
  readonly code: S3ErrorCode;
  readonly elements: Readonly<Record<string, string>>;
  readonly headers: readonly string[];

  /** @param detail What was wrong, for the client's author; the table's message when left out. */
  constructor(code: S3ErrorCode, detail?: string, options: S3ErrorOptions = {}) {
    super(detail ?? S3_ERRORS[code][1], { cause: options.cause });
    this.name = 'S3Error';
    this.code = code;
    this.elements = options.elements ?? {};
    this.headers = options.headers ?? [];
  }

  get status(): number {
    return S3_ERRORS[this.code][0];
  }
}
