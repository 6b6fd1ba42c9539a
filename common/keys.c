#include "keys.h"

#include "clock.h"
#include "device.h"
#include "hex.h"
#include "log.h"
#include "wire.h"

#include <errno.h>
#include <string.h>

/* Signatures of one worker under way or waiting. */
#define REQUESTS 4096

#define LINE_EVERY (10 * CLOCK_SECOND)

static _Thread_local struct device *device;
/* As the last signature has shown, whoever of our threads asked for it. */
static _Atomic int is_away;

/* A line, but not for each handshake of a flood. */
static void
complain(const char *event, const unsigned char *name, int error)
{
	static _Thread_local int64_t next_line;
	char text[2 * TLS_KEY_NAME + 1] = "";

	if (clock_now() < next_line)
		return;
	next_line = clock_after(LINE_EVERY);
	hex_put(text, name, TLS_KEY_NAME);
	log_warn(event, log_text("key", text), log_errno(error));
}

static size_t
read_signature(struct packet *reply, unsigned char *signature)
{
	const void *data;
	size_t length;

	data = packet_get_data(reply, TLS_SIGNATURE_MAX, &length);
	if (packet_end(reply) == -1 || length == 0) {
		device_malformed(device, WIRE_SIGN);
		errno = EBADMSG;
		return 0;
	}
	memcpy(signature, data, length);
	return length;
}

static size_t
sign(const unsigned char name[TLS_KEY_NAME], unsigned scheme, const void *data,
    size_t length, unsigned char *signature, int64_t deadline)
{
	struct packet request, reply;
	size_t n = 0;

	packet_init(&request, WIRE_SIGN);
	packet_init(&reply, 0);
	packet_put_data(&request, name, TLS_KEY_NAME);
	packet_put_u32(&request, scheme);
	packet_put_data(&request, data, length);
	if (device_call(device, &request, &reply, DEVICE_REPEAT, deadline) ==
	    -1) {
		is_away = 1;
		complain("keys.failed", name, errno);
	} else if (reply.head.status == PACKET_OK) {
		n = read_signature(&reply, signature);
		is_away = n == 0;
	} else {
		is_away = 1;
		errno = ENOKEY;
		complain("keys.refused", name, errno);
	}
	packet_free(&request);
	packet_free(&reply);
	return n;
}

int
keys_open(void)
{
	static const struct tls_signer signer = {.sign = sign};

	device = device_open("keys", "keys", REQUESTS);
	if (device == NULL)
		return -1;
	tls_sign_with(&signer);
	return 0;
}

void
keys_close(void)
{
	tls_sign_with(NULL);
	device_close(&device);
}

int
keys_are_ready(int64_t deadline)
{
	struct packet request, reply;

	if (!is_away)
		return 1;
	packet_init(&request, WIRE_KEYS);
	packet_init(&reply, 0);
	if (device_call(device, &request, &reply, DEVICE_REPEAT, deadline) ==
		0 &&
	    reply.head.status == PACKET_OK) {
		is_away = packet_get_u32(&reply) == 0;
		if (packet_end(&reply) == -1) {
			device_malformed(device, WIRE_KEYS);
			is_away = 1;
		}
	}
	packet_free(&request);
	packet_free(&reply);
	return !is_away;
}

static int
read_has(struct packet *reply, size_t count, unsigned char *has)
{
	const unsigned char *data;
	size_t length;

	data = packet_get_data(reply, count, &length);
	if (packet_end(reply) == -1 || length != count) {
		device_malformed(device, WIRE_KEYS_HAVE);
		errno = EBADMSG;
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		has[i] = data[i] != 0;
	return 0;
}

int
keys_have(const unsigned char *names, size_t count, unsigned char *has,
    int64_t deadline)
{
	struct packet request, reply;
	int result, saved;

	packet_init(&request, WIRE_KEYS_HAVE);
	packet_init(&reply, 0);
	packet_put_data(&request, names, count * TLS_KEY_NAME);
	result = device_call(device, &request, &reply, 0, deadline);
	if (result == 0 && reply.head.status == PACKET_OK) {
		result = read_has(&reply, count, has);
	} else if (result == 0) {
		errno = EBADMSG;
		result = -1;
	}
	saved = errno;
	packet_free(&request);
	packet_free(&reply);
	errno = saved;
	return result;
}
