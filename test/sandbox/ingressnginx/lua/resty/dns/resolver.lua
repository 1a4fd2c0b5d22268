-- There is no DNS here: names stay as they are.
return { TYPE_A = 1, TYPE_AAAA = 28, new = function() return nil, "no DNS" end }
