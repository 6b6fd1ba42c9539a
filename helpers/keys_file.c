#include "keys_file.h"

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Octets of one file at most. */
#define FILE_SIZE 65536
#define RSA_LEAST 2048
#define RSA_MOST  4096

static int
compare(const void *a, const void *b)
{
	return memcmp(((const struct key *)a)->name,
	    ((const struct key *)b)->name, KEYS_NAME);
}

EVP_PKEY *
keys_file_find(const struct key *keys, size_t count, const unsigned char *name)
{
	const struct key *found;
	struct key wanted;

	memcpy(wanted.name, name, KEYS_NAME);
	if (count == 0)
		return NULL;
	found = bsearch(&wanted, keys, count, sizeof(wanted), compare);
	return found != NULL ? found->key : NULL;
}

/* Whose it is, and who may look at it: NULL, or what is wrong. */
static const char *
judge(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "has another owner than root";
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return "has a mode that lets others in: chmod 600";
	if (st->st_size > FILE_SIZE)
		return "is too large";
	return NULL;
}

/* A passphrase is nowhere to be had. */
static int
no_passphrase(char *to, int size, int is_written, void *arg)
{
	(void)to;
	(void)size;
	(void)is_written;
	(void)arg;
	return -1;
}

static int
is_curve(const EVP_PKEY *key)
{
	char group[32];

	return EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       (strcmp(group, "prime256v1") == 0 ||
		   strcmp(group, "secp384r1") == 0 ||
		   strcmp(group, "secp521r1") == 0);
}

static int
is_usable(const EVP_PKEY *key)
{
	int bits = EVP_PKEY_get_bits(key);

	return EVP_PKEY_is_a(key, "ED25519") ||
	       (EVP_PKEY_is_a(key, "EC") && is_curve(key)) ||
	       (EVP_PKEY_is_a(key, "RSA") && bits >= RSA_LEAST &&
		   bits <= RSA_MOST);
}

static const char *
parse(const char *data, size_t length, struct key *k)
{
	BIO *bio = BIO_new_mem_buf(data, (int)length);
	unsigned char *der = NULL;
	const char *wrong = NULL;
	int size;

	if (bio == NULL)
		return "no memory";
	k->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (k->key == NULL)
		wrong = "holds no private key in PEM without a passphrase";
	else if (!is_usable(k->key))
		wrong = "is none of ECDSA (P-256, P-384, P-521), Ed25519, and "
			"RSA of 2048 to 4096 bits";
	else if ((size = i2d_PUBKEY(k->key, &der)) <= 0 ||
		 EVP_Q_digest(NULL, "SHA256", NULL, der, (size_t)size, k->name,
		     NULL) != 1)
		wrong = "no memory";
	OPENSSL_free(der);
	ERR_clear_error();
	return wrong;
}

static const char *
read_open(int fd, struct key *k)
{
	const char *wrong;
	struct stat st;
	char *data;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return strerror(errno);
	if ((wrong = judge(&st)) != NULL)
		return wrong;
	if ((data = malloc(FILE_SIZE)) == NULL)
		return "no memory";
	n = read(fd, data, FILE_SIZE);
	wrong = n == -1 ? strerror(errno) : parse(data, (size_t)n, k);
	explicit_bzero(data, FILE_SIZE);
	free(data);
	return wrong;
}

/* 1 with *k filled, or 0 after a line. */
static int
read_key(int folder, const char *name, struct key *k)
{
	int fd = openat(
	    folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *wrong;

	*k = (struct key){.key = NULL};
	if (fd == -1) {
		wrong = strerror(errno);
	} else {
		wrong = read_open(fd, k);
		close(fd);
	}
	if (wrong == NULL)
		return 1;
	EVP_PKEY_free(k->key);
	log_error(
	    "keys.passed_over", log_text("file", name), log_text("why", wrong));
	return 0;
}

static int
is_key_name(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 4 &&
	       (strcmp(name + length - 4, ".pem") == 0 ||
		   strcmp(name + length - 4, ".key") == 0);
}

/* -1 with errno; ENOENT: it is not there. */
static int
open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

static size_t
read_folder(DIR *folder, struct key *keys)
{
	const struct dirent *entry;
	size_t count = 0;

	while ((entry = readdir(folder)) != NULL) {
		if (!is_key_name(entry->d_name))
			continue;
		if (count == KEYS_MAX) {
			log_error("keys.too_many", log_int("most", KEYS_MAX));
			break;
		}
		if (read_key(dirfd(folder), entry->d_name, &keys[count]))
			count++;
	}
	return count;
}

struct key *
keys_file_read(const char *path, size_t *count)
{
	struct key *keys = calloc(KEYS_MAX, sizeof(*keys));
	int fd = keys != NULL ? open_folder(path) : -1;
	DIR *folder = NULL;

	*count = 0;
	if (keys == NULL || (fd == -1 && errno == ENOENT))
		return keys;
	if (fd == -1 || (folder = fdopendir(fd)) == NULL) {
		log_error(
		    "keys.folder", log_text("path", path), log_errno(errno));
		if (fd != -1)
			close(fd);
		free(keys);
		return NULL;
	}
	*count = read_folder(folder, keys);
	closedir(folder);
	qsort(keys, *count, sizeof(*keys), compare);
	return keys;
}

void
keys_file_free(struct key **keys, size_t count)
{
	if (*keys == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		EVP_PKEY_free((*keys)[i].key);
	free(*keys);
	*keys = NULL;
}
