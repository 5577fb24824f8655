#include "pool/pool.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "pool/pool_body.h"
