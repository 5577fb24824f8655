#include "elementwise/elementwise.h"
#define CK_LANES 4
#define CK_VARIANT(name) name##_generic
#include "elementwise/elementwise_body.h"
