/*
 * helpers_metrics -- the table of the metrics helper: memory that is handed
 * over, of the right kind or of another, with whatever stands in it, and then
 * all that is shown of it.
 *
 * Input: requests; which memory goes along, and what stands in it.
 */
#include "../../helpers/metrics.c"

#include "../../helpers/fleet.h"

#include "table.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

/* Memory of one set, or of less, sealed or not; -1: none. */
static int
make_memory(uint8_t kind)
{
	const uint8_t *octets;
	size_t length;
	int fd;

	if (kind > 240)
		return -1;
	if (kind > 230)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		abort();
	octets = table_octets(METER_CELLS, &length);
	for (size_t i = 0; i < length; i++) {
		const uint64_t value = (uint64_t)octets[i] << (octets[i] % 64);

		if (pwrite(fd, &value, sizeof(value), (off_t)(i * 8)) == -1)
			abort();
	}
	if (ftruncate(fd, (off_t)(kind > 220 ? kind : meter_stride())) == -1 ||
	    (kind < 210 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == -1))
		abort();
	return fd;
}

/* It is a tell: no answer comes. */
static void
check(struct packet *reply)
{
	(void)reply;
	abort();
}

static void
look(const char *path, const char *accept)
{
	struct metrics_answer a = {0};

	if (find(path, accept, &a) == -1 || a.text == NULL)
		abort();
	if (strlen(a.text) != a.length)
		abort();
	free(a.text);
}

static void
first_fiber(void *arg)
{
	int fd = -1;
	unsigned n = 0;

	(void)arg;
	do {
		const uint8_t kind = table_u8();
		struct packet p;

		if (fd == -1)
			fd = kind % 2 ? table_attach(&servers[0], ROLE_SMTPD)
				      : table_attach(&servers[1], ROLE_POP3D);
		packet_init(&p, WIRE_METER);
		if (kind < 250) {
			packet_put_u32(
			    &p, kind > 200 ? table_u32() : meter_layout());
			packet_put_u32(&p, kind > 205 ? table_u32() : 1);
		} else {
			table_put_raw(&p);
		}
		table_spoil(&p);
		p.fd = make_memory(table_u8());
		table_send(fd, &p, check);
		if (table_u8() < 100) {
			table_end(fd, check);
			fd = -1;
		}
		metrics_past_step();
	} while (table_input.left > 0 && ++n < TABLE_REQUESTS);
	look("/metrics", "");
	look("/metrics", "text/plain");
	look("/", "");
	if (fd != -1)
		table_end(fd, check);
	worker_stop();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (meter_descriptor() == -1) {
		if (meter_share(SETS) == -1)
			abort();
		meter_begin(SET_METRICS, SETS_OF_METRICS, METER_OTHERS_READ);
	}
	return table_run(data, size, first_fiber);
}
