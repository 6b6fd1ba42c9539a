#include "keys_file.h"

#include "keys_name.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Octets of one file at most. */
#define FILE_SIZE 65536
#define RSA_LEAST 2048
#define RSA_MOST  4096

/* Whose it is, and who may look at it: NULL, or what is wrong. */
static const char *
judge(const struct stat *st, uid_t owner)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != 0 && st->st_uid != owner)
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
read_open(int fd, uid_t owner, struct key *k)
{
	const char *wrong;
	struct stat st;
	size_t size;
	char *data;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return strerror(errno);
	if ((wrong = judge(&st, owner)) != NULL)
		return wrong;
	size = (size_t)st.st_size + 1;
	/* Of the arena, where there is one. */
	if ((data = OPENSSL_secure_malloc(size)) == NULL)
		return "no memory";
	n = read(fd, data, size);
	wrong = n == -1 ? strerror(errno) : parse(data, (size_t)n, k);
	OPENSSL_secure_clear_free(data, size);
	return wrong;
}

static void
pass_over(const char *name, const char *why)
{
	log_error(
	    "keys.passed_over", log_text("file", name), log_text("why", why));
}

int
keys_file_read(int fd, const char *name, uid_t owner, struct key *k)
{
	const char *wrong;

	*k = (struct key){.key = NULL};
	if ((wrong = read_open(fd, owner, k)) == NULL)
		return 1;
	EVP_PKEY_free(k->key);
	k->key = NULL;
	pass_over(name, wrong);
	return 0;
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

/* One that is there: 1, 0 or -1 as take. */
static int
open_one(int folder, const char *name,
    int (*take)(void *arg, const char *name, int fd), void *arg)
{
	int fd = openat(
	    folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int result, saved;

	if (fd == -1) {
		pass_over(name, strerror(errno));
		return 0;
	}
	result = take(arg, name, fd);
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static int
open_each(
    DIR *folder, int (*take)(void *arg, const char *name, int fd), void *arg)
{
	const struct dirent *entry;
	int count = 0, result;

	while ((entry = readdir(folder)) != NULL) {
		if (!keys_name_is_key(entry->d_name))
			continue;
		if (count == KEYS_MAX) {
			log_error("keys.too_many", log_int("most", KEYS_MAX));
			break;
		}
		result = open_one(dirfd(folder), entry->d_name, take, arg);
		if (result == -1)
			return -1;
		count += result;
	}
	return 0;
}

int
keys_file_each(const char *path,
    int (*take)(void *arg, const char *name, int fd), void *arg)
{
	int fd = open_folder(path), result, saved;
	DIR *folder;

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1 || (folder = fdopendir(fd)) == NULL) {
		saved = errno;
		log_error(
		    "keys.folder", log_text("path", path), log_errno(saved));
		if (fd != -1)
			close(fd);
		errno = saved;
		return -1;
	}
	result = open_each(folder, take, arg);
	saved = errno;
	closedir(folder);
	errno = saved;
	return result;
}
