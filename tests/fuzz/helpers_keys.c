/*
 * helpers_keys -- the table of the keys helper, with a key of each kind: what
 * is not TLS's to be signed is not signed, what is signed fits the key, and no
 * answer holds a part of a private key.  Between them the parent tells of
 * reloads.
 *
 * Input: a request after the other; its kind, and what stands in it.
 */
#include "../../helpers/keys.c"

#include "table.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define REQUESTS 16

static const uint16_t schemes[] = {0x0403, 0x0503, 0x0603, 0x0807, 0x0804,
    0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201, 0};
#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

#define ORIGINALS 4
static struct key originals[ORIGINALS];
static size_t count;
static unsigned char secret[ORIGINALS][32];

/* What each request asked for, and of which key. */
static struct asked {
	unsigned char data[KEYS_SIGNED_MAX];
	size_t length;
	EVP_PKEY *key;
} asked[REQUESTS];

static void
check(struct packet *reply)
{
	const struct asked *a;
	size_t length;

	if (reply->head.id >= REQUESTS)
		abort();
	a = &asked[reply->head.id];
	for (size_t i = 0; i < count; i++)
		if (reply->length >= sizeof(secret[i]) &&
		    memmem(reply->data, reply->length, secret[i],
			sizeof(secret[i])) != NULL)
			abort();
	if (reply->head.type == WIRE_KEYS_HAVE) {
		packet_get_data(reply, 8, &length);
		if (packet_end(reply) == -1)
			abort();
	}
	if (reply->head.type != WIRE_SIGN || reply->head.status != PACKET_OK)
		return;
	packet_get_data(reply, KEYS_SIGNATURE_MAX, &length);
	if (packet_end(reply) == -1 || length == 0 || a->key == NULL ||
	    length > (size_t)EVP_PKEY_get_size(a->key) ||
	    !keys_tls_is_signable(a->data, a->length))
		abort();
}

/* RFC 8446 4.4.3, or RFC 5246 7.4.3, or something else. */
static void
put_data(struct packet *p)
{
	static const char context[] = "TLS 1.3, server CertificateVerify";
	const uint8_t kind = table_u8();
	unsigned char data[KEYS_SIGNED_MAX];
	size_t length, at = 0;
	const uint8_t *octets = table_octets(64, &length);

	memset(data, ' ', sizeof(data));
	if (kind < 100) {
		memcpy(data + 64, context, sizeof(context));
		at = 64 + sizeof(context) + (kind % 2 ? 32 : 48);
	} else if (kind < 250) {
		data[64] = 3;
		data[67] = (unsigned char)(kind - 80);
		at = 68 + data[67];
	}
	memcpy(data, octets, at > 0 ? 0 : length);
	packet_put_data(p, data, at > 0 ? at : length);
}

/* What was sent, as its reader finds it. */
static void
note(const struct packet *sent)
{
	struct asked *a = &asked[sent->head.id];
	struct packet p = *sent;
	const struct keyring_key *found;
	const unsigned char *name, *data;
	size_t length;

	memset(a, 0, sizeof(*a));
	name = packet_get_data(&p, KEYS_NAME, &length);
	found = length == KEYS_NAME ? keyring_find(&keys, name) : NULL;
	for (size_t i = 0; found != NULL && i < count; i++)
		if (memcmp(originals[i].name, name, KEYS_NAME) == 0)
			a->key = originals[i].key;
	packet_get_u32(&p);
	data = packet_get_data(&p, sizeof(a->data), &a->length);
	memcpy(a->data, data, a->length);
	if (packet_end(&p) == -1)
		a->key = NULL;
}

static void
put_names(struct packet *p)
{
	unsigned char names[8 * KEYS_NAME] = {0};
	const size_t n = table_u8() % 9;

	for (size_t i = 0; i < n; i++)
		if (table_u8() < 200)
			memcpy(names + i * KEYS_NAME, originals[i % count].name,
			    KEYS_NAME);
	packet_put_data(p, names, n * KEYS_NAME);
}

/* A file with a key, or with something else. */
static int
make_file(void)
{
	const uint8_t kind = table_u8();
	int fd = memfd_create("key", MFD_CLOEXEC);
	const uint8_t *octets;
	size_t length;
	FILE *file;

	if (fd == -1 || fchmod(fd, kind == 0 ? 0640 : 0600) == -1 ||
	    (file = fdopen(dup(fd), "w")) == NULL)
		abort();
	octets = table_octets(4096, &length);
	if (kind < 128 &&
	    PEM_write_PrivateKey(file, originals[kind % count].key, NULL, NULL,
		0, NULL, NULL) != 1)
		abort();
	fwrite(octets, 1, length, file);
	fclose(file);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Of the parent. */
static void
make_news(struct packet *p)
{
	const uint8_t kind = table_u8();

	packet_init(p, WIRE_KEYS_BEGIN + kind % 3);
	if (kind >= 240)
		p->head.type = WIRE_SIGN;
	if (kind % 3 == 1) {
		packet_put_text(p, "a.pem");
		if (kind < 200)
			p->fd = make_file();
	} else if (kind % 3 == 2) {
		packet_put_u64(p, (uint64_t)table_u8() * CLOCK_SECOND);
	}
	table_spoil(p);
}

static void
make(struct packet *p, uint32_t id)
{
	const uint8_t kind = table_u8(), which = table_u8();
	static const unsigned char nobody[KEYS_NAME];
	const unsigned char *name =
	    which < 200 ? originals[which % count].name : nobody;

	packet_init(p, kind % 16 == 0	? WIRE_KEYS
		       : kind % 16 == 2 ? WIRE_KEYS_HAVE
					: WIRE_SIGN);
	if (kind % 16 == 1) {
		table_put_raw(p);
	} else if (kind % 16 == 2) {
		put_names(p);
	} else if (kind % 16 > 2) {
		packet_put_data(p, name, KEYS_NAME);
		packet_put_u32(p, schemes[table_u8() % SCHEMES]);
		put_data(p);
	}
	table_spoil(p);
	p->head.id = id;
	note(p);
}

static void
first_fiber(void *arg)
{
	int fd = table_attach(&server, ROLE_SMTPD);
	int parent = table_attach(&server, ROLE_PARENT);
	struct packet p;

	(void)arg;
	for (unsigned n = 0; n < REQUESTS && table_input.left > 0; n++) {
		if (table_u8() < 100) {
			make_news(&p);
			table_send(parent, &p, check);
		}
		make(&p, n);
		table_send(fd, &p, check);
	}
	table_end(fd, check);
	table_end(parent, check);
	worker_stop();
}

static void
add(EVP_PKEY *key)
{
	unsigned char der[4096], *at = der;
	BIGNUM *number = NULL;
	int length;

	if (key == NULL)
		abort();
	if ((length = i2d_PUBKEY(key, &at)) <= 0 ||
	    EVP_Digest(der, (size_t)length, originals[count].name, NULL,
		EVP_sha256(), NULL) != 1)
		abort();
	length = sizeof(secret[0]);
	if (EVP_PKEY_is_a(key, "ED25519")) {
		size_t size = sizeof(secret[0]);

		EVP_PKEY_get_raw_private_key(key, secret[count], &size);
	} else if (EVP_PKEY_get_bn_param(key,
		       EVP_PKEY_is_a(key, "RSA") ? "rsa-factor1" : "priv",
		       &number) == 1) {
		BN_bn2binpad(number, der, 256);
		memcpy(secret[count], der + 256 - 32, 32);
		BN_clear_free(number);
	}
	originals[count++].key = key;
}

/* As the folder has them. */
static void
load(void)
{
	if (keyring_open(&keys) == -1)
		abort();
	keyring_begin(&keys);
	for (size_t i = 0; i < count; i++) {
		EVP_PKEY_up_ref(originals[i].key);
		keyring_add(&keys, &originals[i]);
	}
	keyring_end(&keys, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int result;

	if (count == 0) {
		add(EVP_EC_gen("P-256"));
		add(EVP_EC_gen("P-384"));
		add(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
		add(EVP_RSA_gen(2048));
	}
	load();
	result = table_run(data, size, first_fiber);
	keyring_close(&keys);
	return result;
}
