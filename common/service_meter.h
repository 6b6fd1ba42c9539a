/*
 * service_meter -- hands the memory that a client process counts in
 * (meter.h) to the metrics helper.
 */
#ifndef SERVICE_METER_H
#define SERVICE_METER_H

/*
 * As a fiber of worker 0, for as long as the process serves: hands the memory
 * to whoever listens at "metrics", again after each end of it.  Where nobody
 * does, it tries again now and then, and says nothing: metrics may be off.
 */
void service_meter(void *arg);

#endif
