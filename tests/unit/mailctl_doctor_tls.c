/* Tests of mailctl/doctor_tls.c: certificates of each age, name and chain. */
#include "../../mailctl/doctor.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "printed.h"
#include "remove_tree.h"
#include <cmocka.h>

#define DAY 86400L

static struct doctor d;
static char conf[1024], keys[256], folder[64];
static EVP_PKEY *key;

static FILE *
create(const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	return file;
}

/* A certificate for mx.example, from so many days from now to so many. */
static void
certify(const char *name, long from, long to)
{
	X509 *x = X509_new();
	X509_NAME *subject = X509_get_subject_name(x);
	FILE *file = create(name);

	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), from * DAY);
	/* An hour, so that the day is the same when it is looked at. */
	X509_gmtime_adj(X509_getm_notAfter(x), to * DAY + 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
	    (const unsigned char *)"mx.example", -1, -1, 0);
	assert_int_equal(X509_set_issuer_name(x, subject), 1);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(file, x), 1);
	fclose(file);
	X509_free(x);
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringmail-doctor-XXXXXX");
	assert_non_null(mkdtemp(folder));
	/* The machine's authorities are many, and none of these. */
	setenv("SSL_CERT_FILE", "/nonexistent", 1);
	setenv("SSL_CERT_DIR", "/nonexistent", 1);
	assert_non_null(key = EVP_EC_gen("P-256"));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	return remove_tree(folder);
}

/* What is said of smtpd's certificate of that name, for this host. */
static const char *
look_at(const char *name, const char *host)
{
	d = (struct doctor){.area = "tls"};
	snprintf(d.hostname, sizeof(d.hostname), "%s", host);
	snprintf(conf, sizeof(conf),
	    "tls.certificates = {\"%s/%s\"}\t# default\n", folder, name);
	snprintf(keys, sizeof(keys), "keys.folder = \"%s/keys\"\t# default\n",
	    folder);
	d.confs[DOCTOR_SMTPD].text = conf;
	d.confs[DOCTOR_HELPERS].text = keys;
	assert_int_equal(printed_begin(), 0);
	doctor_tls(&d);
	return printed_end();
}

static void
dates(void **state)
{
	(void)state;
	certify("good.pem", -1, 30);
	certify("soon.pem", -1, 13);
	certify("past.pem", -60, -3);
	certify("next.pem", 2, 60);
	assert_non_null(strstr(
	    look_at("good.pem", "mx.example"), "good.pem is good for 30 days"));
	assert_non_null(strstr(
	    look_at("soon.pem", "mx.example"), "soon.pem ends in 13 days"));
	assert_non_null(strstr(
	    look_at("past.pem", "mx.example"), "past.pem ended 2 days ago"));
	assert_non_null(strstr(
	    look_at("next.pem", "mx.example"), "next.pem is not good yet"));
}

static void
names_and_chains(void **state)
{
	char path[128];

	(void)state;
	certify("own.pem", -1, 30);
	assert_null(strstr(look_at("own.pem", "mx.example"),
	    "no certificate of smtpd.conf is for"));
	assert_non_null(strstr(printed.text, "leads to no authority"));
	snprintf(path, sizeof(path), "%s/own.pem", folder);
	setenv("SSL_CERT_FILE", path, 1);
	assert_non_null(strstr(
	    look_at("own.pem", "mx.example"), "own.pem leads to an authority"));
	setenv("SSL_CERT_FILE", "/nonexistent", 1);
	assert_non_null(strstr(look_at("own.pem", "other.example"),
	    "no certificate of smtpd.conf is for other.example"));
}

static void
files_that_are_none(void **state)
{
	FILE *file = create("empty.pem");

	(void)state;
	fclose(file);
	assert_non_null(strstr(look_at("empty.pem", "mx.example"),
	    "empty.pem has no certificate"));
	assert_non_null(strstr(look_at("gone.pem", "mx.example"),
	    "gone.pem: No such file or directory"));
	/* Without any there is a warning alone. */
	d = (struct doctor){.area = "tls"};
	strcpy(conf, "tls.certificates = {}\t# default\n");
	d.confs[DOCTOR_SMTPD].text = conf;
	assert_int_equal(printed_begin(), 0);
	doctor_tls(&d);
	assert_non_null(
	    strstr(printed_end(), "smtpd.conf names no certificate"));
	assert_int_equal(d.counts[DOCTOR_WARN], 1);
	assert_int_equal(d.counts[DOCTOR_ERROR], 0);
}

static void
write_key(const char *name, mode_t mode)
{
	FILE *file = create(name);

	assert_int_equal(
	    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fchmod(fileno(file), mode), 0);
	fclose(file);
}

static void
keys_and_their_rights(void **state)
{
	char path[128];

	(void)state;
	if (geteuid() != 0)
		skip(); /* nobody else is told of keys */
	snprintf(path, sizeof(path), "%s/keys", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	certify("keyed.pem", -1, 30);
	assert_non_null(strstr(
	    look_at("keyed.pem", "mx.example"), "the key of " /* the path */));
	/* Other names are none of keys. */
	write_key("keys/note.txt", 0644);
	assert_non_null(strstr(
	    look_at("keyed.pem", "mx.example"), "keyed.pem is not there"));
	assert_null(strstr(printed.text, "can be read by others"));
	write_key("keys/mx.key", 0640);
	assert_null(strstr(
	    look_at("keyed.pem", "mx.example"), "keyed.pem is not there"));
	assert_non_null(strstr(printed.text, "mx.key can be read by others"));
	write_key("keys/mx.key", 0600);
	assert_null(strstr(
	    look_at("keyed.pem", "mx.example"), "can be read by others"));
	assert_int_equal(d.counts[DOCTOR_ERROR], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dates),
	    cmocka_unit_test(names_and_chains),
	    cmocka_unit_test(files_that_are_none),
	    cmocka_unit_test(keys_and_their_rights),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
