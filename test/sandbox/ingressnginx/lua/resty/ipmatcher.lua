-- Only for the global rate limit, which needs memcached.
return { new = function() return { match = function() return false end } end }
