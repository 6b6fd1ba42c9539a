#include "tls_files.h"

#include "tls_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Octets of one file at most, and of its path. */
#define FILE_MAX  ((size_t)1 << 20)
#define PATH_SIZE 4096

int
tls_files_are_same(const struct tls_files *a, const struct tls_files *b)
{
	return a->length == b->length &&
	       (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

int
tls_files_append(struct tls_files *files, const void *data, size_t length)
{
	unsigned char *more;

	if (length > TLS_FILES_MAX - files->length)
		return -1;
	if ((more = realloc(files->data, files->length + length + 1)) == NULL)
		return -1;
	if (length > 0)
		memcpy(more + files->length, data, length);
	files->data = more;
	files->length += length;
	return 0;
}

void
tls_files_free(struct tls_files *files)
{
	free(files->data);
	*files = (struct tls_files){0};
}

int
tls_files_next(const struct tls_files *files, size_t *at, struct tls_part *part)
{
	uint32_t head[2];

	if (files->length - *at < sizeof(head))
		return 0;
	memcpy(head, files->data + *at, sizeof(head));
	if (head[1] > files->length - *at - sizeof(head))
		return 0;
	*part = (struct tls_part){.kind = (enum tls_file)head[0],
	    .data = files->data + *at + sizeof(head),
	    .length = head[1]};
	*at += sizeof(head) + head[1];
	return 1;
}

static int
add(struct tls_files *files, enum tls_file kind, const void *data,
    size_t length)
{
	const uint32_t head[2] = {kind, (uint32_t)length};

	return tls_files_append(files, head, sizeof(head)) == -1 ||
		       tls_files_append(files, data, length) == -1
		   ? -1
		   : 0;
}

/* A file's octets with a NUL behind, the caller's; NULL with errno. */
static char *
read_all(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *data = NULL;
	struct stat st;
	ssize_t n = -1;

	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0) {
		errno = EFBIG;
		if (!S_ISREG(st.st_mode))
			errno = EINVAL;
		else if (st.st_size <= (off_t)FILE_MAX)
			data = malloc(FILE_MAX + 1);
	}
	if (data != NULL)
		n = read(fd, data, FILE_MAX);
	close(fd);
	if (n == -1) {
		free(data);
		return NULL;
	}
	data[n] = '\0';
	*length = (size_t)n;
	return data;
}

static int
add_certificate(struct tls_files *files, enum tls_file kind, const X509 *x)
{
	unsigned char *der = NULL;
	int length = i2d_X509(x, &der), result = -1;

	if (length > 0)
		result = add(files, kind, der, (size_t)length);
	OPENSSL_free(der);
	return result;
}

/* Each certificate of a text in PEM: the first of one kind, the others of
 * another.  How many, or -1. */
static int
add_chain(struct tls_files *files, const char *pem, size_t length,
    enum tls_file first, enum tls_file others)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)length);
	int count = 0;
	X509 *x;

	if (bio == NULL)
		return -1;
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (add_certificate(files, count == 0 ? first : others, x) ==
		    -1) {
			X509_free(x);
			count = -1;
			break;
		}
		X509_free(x);
		count++;
	}
	/* The end of the text is an error to OpenSSL. */
	ERR_clear_error();
	BIO_free(bio);
	return count;
}

static int
fail(const char *path, const char *what, char *why, size_t size)
{
	snprintf(why, size, "%.160s: %s", path, what);
	return -1;
}

/* The chain of a file in PEM. */
static int
read_chain(struct tls_files *files, const char *path, enum tls_file first,
    enum tls_file others, char *why, size_t size)
{
	size_t length;
	char *pem = read_all(path, &length);
	const char *wrong = NULL;
	int count;

	if (pem == NULL)
		return fail(path, strerror(errno), why, size);
	if (strstr(pem, "PRIVATE KEY-----") != NULL) {
		wrong = "holds a private key, which belongs into a file of "
			"its own for the keys helper";
	} else {
		count = add_chain(files, pem, length, first, others);
		if (count == 0)
			wrong = "holds no certificate in PEM";
		else if (count == -1)
			wrong = "is too much, or no memory";
	}
	explicit_bzero(pem, length);
	free(pem);
	return wrong != NULL ? fail(path, wrong, why, size) : 0;
}

/* The response beside a certificate, if there is one. */
static int
read_response(
    struct tls_files *files, const char *certificate, char *why, size_t size)
{
	char path[PATH_SIZE], *data;
	const unsigned char *der;
	OCSP_RESPONSE *response;
	size_t length;
	int result = -1;

	snprintf(path, sizeof(path), "%s.ocsp", certificate);
	if ((data = read_all(path, &length)) == NULL)
		return errno == ENOENT ? 0
				       : fail(path, strerror(errno), why, size);
	der = (const unsigned char *)data;
	response = d2i_OCSP_RESPONSE(NULL, &der, (long)length);
	ERR_clear_error();
	if (response == NULL)
		fail(path, "is no response of OCSP in DER", why, size);
	else if (add(files, TLS_FILE_OCSP, data, length) == -1)
		fail(path, "is too much, or no memory", why, size);
	else
		result = 0;
	OCSP_RESPONSE_free(response);
	free(data);
	return result;
}

int
tls_files_read(struct tls_files *files, const struct tls_settings *settings,
    char *why, size_t size)
{
	const struct conf_list *list = &settings->certificates;
	const char *path;
	int result = 0;

	*files = (struct tls_files){0};
	for (size_t i = 0; i < list->count && result == 0; i++) {
		path = list->items[i];
		if (add(files, TLS_FILE_NAME, path, strlen(path)) == -1)
			result = fail(path, "no memory", why, size);
		else if (read_chain(files, path, TLS_FILE_LEAF, TLS_FILE_CHAIN,
			     why, size) == -1)
			result = -1;
		else
			result = read_response(files, path, why, size);
	}
	if (result == 0 && settings->client_ca[0] != '\0')
		result = read_chain(files, settings->client_ca, TLS_FILE_CA,
		    TLS_FILE_CA, why, size);
	if (result == 0 && tls_settings_has_trust(settings))
		result = read_chain(files, settings->trust, TLS_FILE_TRUST,
		    TLS_FILE_TRUST, why, size);
	if (result == -1)
		tls_files_free(files);
	return result;
}
