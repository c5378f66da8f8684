/** The closed union of what can be asked of this gateway. A request is parsed to one of these or refused; there is nothing between. */
import type { ByteRange } from '@cairn/client-sdk';

export interface ListingOptions {
  prefix: string;
  /** '' for none. */
  delimiter: string;
  maxKeys: number;
  /** Whether names are to be percent-encoded in the answer. */
  encodeNames: boolean;
}

export type ResponseOverrides = readonly (readonly [header: string, value: string])[];

export type Operation =
  | { readonly kind: 'ListBuckets' }
  | { readonly kind: 'CreateBucket'; readonly bucket: string }
  | { readonly kind: 'HeadBucket'; readonly bucket: string }
  | { readonly kind: 'DeleteBucket'; readonly bucket: string }
  | { readonly kind: 'GetBucketLocation'; readonly bucket: string }
  | { readonly kind: 'GetBucketVersioning'; readonly bucket: string }
  | ({ readonly kind: 'ListObjects'; readonly bucket: string; readonly marker: string } & Readonly<ListingOptions>)
  | ({
      readonly kind: 'ListObjectsV2';
      readonly bucket: string;
      readonly startAfter: string;
      /** undefined on the first page. */
      readonly continuationToken: string | undefined;
      readonly fetchOwner: boolean;
    } & Readonly<ListingOptions>)
  | { readonly kind: 'DeleteObjects'; readonly bucket: string }
  | { readonly kind: 'PutObject'; readonly bucket: string; readonly key: string }
  | {
      readonly kind: 'GetObject' | 'HeadObject';
      readonly bucket: string;
      readonly key: string;
      readonly range: ByteRange | undefined;
      readonly overrides: ResponseOverrides;
    }
  | { readonly kind: 'DeleteObject'; readonly bucket: string; readonly key: string };

export type OperationKind = Operation['kind'];
export type OperationOf<K extends OperationKind> = Extract<Operation, { readonly kind: K }>;
