"""The stations of a case, one file each: a coroutine that ends with how the station was left."""
