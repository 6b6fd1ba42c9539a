/* pop3d -- hands mail out (RFC 1939).  See pop3d.8. */
#include "client.h"
#include "service.h"

int
main(int argc, char **argv)
{
	return service_main(&client_service, argc, argv);
}
