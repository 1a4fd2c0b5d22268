-- The same node for the same key while the nodes are the same.
local _M = {}
_M.__index = _M

function _M.new(_, nodes)
  local self = setmetatable({}, _M)
  self:reinit(nodes)
  return self
end

function _M.reinit(self, nodes)
  self.nodes, self.sorted = nodes, {}
  for node in pairs(nodes) do
    table.insert(self.sorted, node)
  end
  table.sort(self.sorted)
end

function _M.find(self, key)
  if #self.sorted == 0 then
    return nil
  end
  return self.sorted[ngx.crc32_long(key) % #self.sorted + 1]
end

return _M
