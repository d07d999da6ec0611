/** Stands for the bit field of authorized operations where the request did not ask for it (KIP-430). */
export const NO_AUTHORIZED_OPERATIONS = -0x8000_0000
