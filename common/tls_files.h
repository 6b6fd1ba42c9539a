/*
 * tls_files -- what the files hold that a conf names for TLS: certificates,
 * responses of OCSP, certification authorities.  All of it is public.  The
 * parent of a service reads them; its client process, which sees no file, gets
 * the octets.
 */
#ifndef TLS_FILES_H
#define TLS_FILES_H

#include <stddef.h>

struct tls_settings;

/* Octets of all files of a conf at most. */
#define TLS_FILES_MAX ((size_t)16 << 20)

enum tls_file {
	TLS_FILE_NAME = 1, /* path of the chain that follows */
	TLS_FILE_LEAF,	   /* DER; the certificate itself */
	TLS_FILE_CHAIN,	   /* DER; one that leads on to the root */
	TLS_FILE_OCSP,	   /* DER; the response for the leaf before */
	TLS_FILE_CA,	   /* DER; one that vouches for clients */
	TLS_FILE_TRUST	   /* DER; one that vouches for other servers */
};

/* A row of parts, each a kind, a length and octets.  Zeroes are none. */
struct tls_files {
	unsigned char *data;
	size_t length;
};

struct tls_part {
	enum tls_file kind;
	const unsigned char *data; /* borrowed; a name has no NUL */
	size_t length;
};

/*
 * Reads all files that settings name.  FILE.ocsp, where it is there, is the
 * response for the certificate in FILE.  A file with a private key in it is
 * refused: it would stand in this process's memory.  0, or -1 with a reason in
 * why[size], and *files empty.  Reads files: in a parent alone.
 */
int tls_files_read(struct tls_files *files, const struct tls_settings *settings,
    char *why, size_t size);

/* Takes the part at *at, which moves on.  1; 0 at the end, or where what
 * follows is none. */
int tls_files_next(
    const struct tls_files *files, size_t *at, struct tls_part *part);

/* Appends octets that came in pieces.  0, or -1: too many, or no memory. */
int tls_files_append(struct tls_files *files, const void *data, size_t length);

/* Whether two hold the same octets. */
int tls_files_are_same(const struct tls_files *a, const struct tls_files *b);

/* Frees it and makes it empty. */
void tls_files_free(struct tls_files *files);

#endif
