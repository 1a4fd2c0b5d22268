-- Needs memcached.
return {}
