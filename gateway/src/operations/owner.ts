/** There is one owner: the holder of the root key. S3's answers name an owner, so it has a name. */
export const OWNER = '<Owner><ID>cairn</ID><DisplayName>cairn</DisplayName></Owner>';
