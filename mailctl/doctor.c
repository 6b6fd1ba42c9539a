#include "doctor.h"

#include "output.h"
#include "super_pid.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define TEXT_MAX 1024

void
doctor_say(struct doctor *d, enum doctor_level level, const char *remedy,
    const char *format, ...)
{
	static const char *const levels[DOCTOR_LEVELS] = {
	    "good", "note", "warning", "error"};
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	/* DNS and others' greetings have a say in it. */
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	d->counts[level]++;
	output_next();
	output_text("level", levels[level]);
	output_text("area", d->area);
	output_text("finding", text);
	output_text("remedy", remedy);
	if (output_json)
		return;
	printf("%-8s %-6s %s\n", levels[level], d->area, text);
	if (remedy != NULL)
		printf("%-15s -> %s\n", "", remedy);
}

void
doctor_value(const struct doctor *d, enum doctor_service s, const char *setting,
    char *value, size_t size)
{
	value[0] = '\0';
	if (d->confs[s].text != NULL)
		conf_dump_value(&d->confs[s], setting, value, size);
}

long long
doctor_number(
    const struct doctor *d, enum doctor_service s, const char *setting)
{
	static const char units[] = "KMGT";
	char value[64], *end;
	const char *unit;
	long long number;

	doctor_value(d, s, setting, value, sizeof(value));
	if (value[0] < '0' || value[0] > '9')
		return -1;
	number = strtoll(value, &end, 10);
	if (*end != '\0' && (unit = strchr(units, *end)) != NULL)
		number <<= 10 * (unit - units + 1);
	return number;
}

long
doctor_pid(const struct doctor *d, enum doctor_service s)
{
	char run[CONF_DUMP_VALUE_MAX];
	pid_t pid;

	doctor_value(d, s, "run", run, sizeof(run));
	if (run[0] == '\0' || (pid = super_pid_read(run)) == -1)
		return 0;
	return pid;
}
