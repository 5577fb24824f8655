#include "stream/stream.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "stream/stream_body.h"
