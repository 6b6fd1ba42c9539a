/* Certificates: their dates, names and chains, and the rights of their keys. */
#include "doctor.h"

#include "keys_name.h"
#include "program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY 86400
/* Days before its end when a certificate should have been replaced. */
#define SOON 14
/* Certificates of one file. */
#define CHAIN_MOST 16

/* No passphrase is asked for. */
static int
no_passphrase(char *to, int size, int writing, void *arg)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* The certificates of a file, the server's own first; NULL after a finding. */
static STACK_OF(X509) * read_chain(struct doctor *d, const char *path)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	FILE *file = fopen(path, "re");
	X509 *one;

	if (file == NULL || chain == NULL) {
		doctor_say(d, DOCTOR_ERROR,
		    "the setting tls { certificates } names it", "%s: %s", path,
		    strerror(errno));
		sk_X509_free(chain);
		if (file != NULL)
			fclose(file);
		return NULL;
	}
	while (sk_X509_num(chain) < CHAIN_MOST &&
	       (one = PEM_read_X509(file, NULL, no_passphrase, NULL)) != NULL)
		if (sk_X509_push(chain, one) == 0)
			X509_free(one);
	fclose(file);
	ERR_clear_error();
	if (sk_X509_num(chain) > 0)
		return chain;
	doctor_say(d, DOCTOR_ERROR, "write it as PEM: the server's own first",
	    "%s has no certificate", path);
	sk_X509_free(chain);
	return NULL;
}

/* Seconds from now to that time; negative: it is past. */
static long long
seconds_to(const ASN1_TIME *then)
{
	int days = 0, seconds = 0;

	if (ASN1_TIME_diff(&days, &seconds, NULL, then) != 1)
		return 0;
	return (long long)days * DAY + seconds;
}

static void
check_dates(struct doctor *d, const char *path, const X509 *own)
{
	long long left = seconds_to(X509_get0_notAfter(own));

	if (seconds_to(X509_get0_notBefore(own)) > 0)
		doctor_say(d, DOCTOR_ERROR,
		    "set the clock, or wait: its beginning is to come",
		    "%s is not good yet", path);
	if (left <= 0)
		doctor_say(d, DOCTOR_ERROR,
		    "get a new one, then: mailctl reload",
		    "%s ended %lld days ago", path, -left / DAY);
	else if (left < (long long)SOON * DAY)
		doctor_say(d, DOCTOR_WARN,
		    "see why it was not renewed (certbot renew), then: "
		    "mailctl reload",
		    "%s ends in %lld days", path, left / DAY);
	else
		doctor_say(d, DOCTOR_GOOD, NULL, "%s is good for %lld days",
		    path, left / DAY);
}

/* What issuers say of it: the machine's, by the chain that is sent along. */
static void
check_chain(struct doctor *d, const char *path, STACK_OF(X509) * chain)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error;

	if (store != NULL && ctx != NULL &&
	    X509_STORE_set_default_paths(store) == 1 &&
	    X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) ==
		1) {
		X509_VERIFY_PARAM_set_flags(
		    X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_NO_CHECK_TIME);
		if (X509_verify_cert(ctx) == 1) {
			doctor_say(d, DOCTOR_GOOD, NULL,
			    "%s leads to an authority of this machine", path);
		} else {
			error = X509_STORE_CTX_get_error(ctx);
			doctor_say(d, DOCTOR_WARN,
			    sk_X509_num(chain) == 1
				? "put the authority's own chain behind it in "
				  "the file (fullchain.pem), or get one of an "
				  "authority that mail programs know"
				: "get one of an authority that mail programs "
				  "know",
			    "%s leads to no authority that this machine "
			    "knows: %s",
			    path, X509_verify_cert_error_string(error));
		}
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
}

/* One private key of the folder: its file's rights.  The key, or NULL. */
static EVP_PKEY *
read_key(struct doctor *d, const char *path, int says)
{
	EVP_PKEY *key;
	struct stat st;
	FILE *file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd == -1 || fstat(fd, &st) == -1 ||
	    (file = fdopen(fd, "r")) == NULL) {
		if (says)
			doctor_say(d, DOCTOR_WARN, NULL, "%s: %s", path,
			    strerror(errno));
		if (fd != -1)
			close(fd);
		return NULL;
	}
	if (says &&
	    (st.st_uid != 0 || (st.st_mode & 077) != 0 || !S_ISREG(st.st_mode)))
		doctor_say(d, DOCTOR_ERROR,
		    "chown root and chmod 600: keys passes over it till then",
		    "the key %s can be read by others", path);
	key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	if (key == NULL && says)
		doctor_say(d, DOCTOR_ERROR,
		    "write the key as PEM, without a passphrase",
		    "%s has no key that can be read", path);
	fclose(file);
	ERR_clear_error();
	return key;
}

/* Whether one of the folder's keys is the certificate's (own NULL: looks at
 * their rights alone). */
static int
find_key(struct doctor *d, const X509 *own)
{
	char folder[CONF_DUMP_VALUE_MAX], path[CONF_DUMP_VALUE_MAX + 300];
	struct dirent *entry;
	EVP_PKEY *key;
	int found = 0;
	DIR *dir;

	doctor_value(d, DOCTOR_HELPERS, "keys.folder", folder, sizeof(folder));
	if (folder[0] == '\0' || (dir = opendir(folder)) == NULL) {
		if (own == NULL)
			doctor_say(d, DOCTOR_ERROR,
			    "make it: install -d -m 700 FOLDER, and put the "
			    "keys there",
			    "the folder of keys %s: %s", folder,
			    strerror(errno));
		return 0;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (!keys_name_is_key(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		key = read_key(d, path, own == NULL);
		if (key != NULL && own != NULL &&
		    X509_check_private_key(own, key) == 1)
			found = 1;
		EVP_PKEY_free(key);
	}
	closedir(dir);
	ERR_clear_error();
	return found;
}

static void
check_file(struct doctor *d, const char *path, int *has_name)
{
	STACK_OF(X509) *chain = read_chain(d, path);
	X509 *own;

	if (chain == NULL)
		return;
	own = sk_X509_value(chain, 0);
	check_dates(d, path, own);
	if (d->hostname[0] != '\0' &&
	    X509_check_host(own, d->hostname, 0, 0, NULL) == 1)
		*has_name = 1;
	check_chain(d, path, chain);
	if (geteuid() == 0 && !find_key(d, own))
		doctor_say(d, DOCTOR_ERROR,
		    "put its key into the folder that keys { folder } of "
		    "helpers.conf names, then: mailctl reload",
		    "the key of %s is not there", path);
	sk_X509_pop_free(chain, X509_free);
}

/* All that a service's conf names; how many. */
static int
check_service(struct doctor *d, enum doctor_service s)
{
	char value[CONF_DUMP_VALUE_MAX], *rest = value, *path;
	int count = 0, has_name = 0;

	doctor_value(d, s, "tls.certificates", value, sizeof(value));
	while ((path = conf_dump_item(&rest)) != NULL) {
		count++;
		check_file(d, path, &has_name);
	}
	if (count > 0 && !has_name)
		doctor_say(d, DOCTOR_WARN,
		    "get a certificate for the host's name, or set hostname",
		    "no certificate of %s.conf is for %s", program_names[s],
		    d->hostname[0] == '\0' ? "this host" : d->hostname);
	if (count == 0 && d->confs[s].text != NULL)
		doctor_say(d, DOCTOR_WARN,
		    "get one (certbot certonly), and name it in tls { "
		    "certificates }: without TLS no password is taken from "
		    "elsewhere",
		    "%s.conf names no certificate", program_names[s]);
	return count;
}

void
doctor_tls(struct doctor *d)
{
	int count = check_service(d, DOCTOR_SMTPD);

	count += check_service(d, DOCTOR_POP3D);
	if (count > 0 && geteuid() == 0)
		find_key(d, NULL);
}
