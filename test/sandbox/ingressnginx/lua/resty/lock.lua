-- There is one worker: nobody to lock out.
local _M = {}
_M.__index = _M

function _M.new() return setmetatable({}, _M) end

function _M.lock() return 0 end

function _M.unlock() return 1 end

return _M
