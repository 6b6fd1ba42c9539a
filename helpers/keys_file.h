/*
 * keys_file -- the files of private keys in a folder: opened by root, and each
 * read by the keys helper alone, into memory that is never swapped out.
 */
#ifndef KEYS_FILE_H
#define KEYS_FILE_H

#include <openssl/evp.h>
#include <stddef.h>
#include <sys/types.h>

/* Keys at most; octets of a key's name: SHA-256 of its SubjectPublicKeyInfo. */
#define KEYS_MAX  1024
#define KEYS_NAME 32

struct key {
	unsigned char name[KEYS_NAME];
	EVP_PKEY *key;
};

/*
 * Opens each file NAME.pem and NAME.key of the folder and calls take(arg, NAME,
 * fd), which returns 1, or 0 where that is no key, or -1 with errno for the end
 * of all.  The descriptor is closed afterwards.  Files that can't be opened,
 * and more than KEYS_MAX keys, are passed over with an error line.  Returns 0,
 * also where there is no folder; or -1 with errno, after a line where the
 * folder is to blame: it is not root's (or the caller's) alone.
 */
int keys_file_each(const char *folder,
    int (*take)(void *arg, const char *name, int fd), void *arg);

/*
 * The key in an open file, the caller's: 1 with *k filled, or 0 after an error
 * line, which names the file.  One that others than its owner may read, whose
 * owner is neither root nor owner, that is no regular file, asks for a
 * passphrase, or has a key that is none of ECDSA (P-256, P-384, P-521), Ed25519
 * and RSA of 2048 to 4096 bits, is passed over.  Reads the file.
 */
int keys_file_read(int fd, const char *name, uid_t owner, struct key *k);

#endif
