-- In turn, each as often as it weighs.
local _M = {}
_M.__index = _M

function _M.new(_, nodes)
  local self = setmetatable({}, _M)
  self:reinit(nodes)
  return self
end

function _M.reinit(self, nodes)
  self.nodes, self.turns, self.last = nodes, {}, 0
  for node, weight in pairs(nodes) do
    for _ = 1, weight do
      table.insert(self.turns, node)
    end
  end
end

function _M.find(self)
  if #self.turns == 0 then
    return nil
  end
  self.last = self.last % #self.turns + 1
  return self.turns[self.last]
end

return _M
