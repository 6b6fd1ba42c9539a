/*
 * keys_file -- the private keys of a folder, read once while this process is
 * still root, and kept in memory that is never swapped out.
 */
#ifndef KEYS_FILE_H
#define KEYS_FILE_H

#include <openssl/evp.h>
#include <stddef.h>

/* Keys at most; octets of a key's name: SHA-256 of its SubjectPublicKeyInfo. */
#define KEYS_MAX  1024
#define KEYS_NAME 32

struct key {
	unsigned char name[KEYS_NAME];
	EVP_PKEY *key;
};

/*
 * Reads each file NAME.pem and NAME.key of the folder.  One that others than
 * its owner may read, whose owner is not root, that is no regular file, asks
 * for a passphrase, or has a key that is none of ECDSA (P-256, P-384, P-521),
 * Ed25519 and RSA of 2048 to 4096 bits, is passed over with an error line.  A
 * folder that is not there has no keys.  The result is sorted by name and the
 * caller's (keys_file_free); *count gets how many.  NULL with errno where
 * memory is out or the folder is not root's alone.
 */
struct key *keys_file_read(const char *folder, size_t *count);

/* The key of this name; NULL: there is none. */
EVP_PKEY *
keys_file_find(const struct key *keys, size_t count, const unsigned char *name);

void keys_file_free(struct key **keys, size_t count);

#endif
