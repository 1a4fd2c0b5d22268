# Stands for the controller of ingress-nginx: it starts nginx with the rendered
# configuration, and ends it as the controller does (controller.Stop): the health
# check fails for --shutdown-grace-period seconds, then nginx quits, which closes
# its listeners and finishes the requests that it has.
set -u
grace=0
for argument; do
	case "$argument" in
	--shutdown-grace-period=*) grace=${argument#*=} ;;
	esac
done
export LD_LIBRARY_PATH="$NGINX_PACKAGES/usr/lib:$NGINX_PACKAGES/lib:$(echo "$NGINX_PACKAGES"/usr/lib/*-linux-gnu*)"
sed -e "s|@NODE_IP@|$NODE_IP|g" -e "s|@PACKAGES@|$NGINX_PACKAGES|g" -e "s|@RENDERED@|$RENDERED|g" -e "s|@HOME@|$PWD|g" \
	"$RENDERED/nginx.conf" >nginx.conf || exit 1
leaving=
trap 'leaving=yes' TERM INT
"$NGINX_PACKAGES/usr/sbin/nginx" -p "$PWD/" -e stderr -c nginx.conf &
nginx=$!
wait "$nginx"
ended=$?
[ -n "$leaving" ] || exit "$ended"
: >draining
sleep "$grace"
kill -QUIT "$nginx"
wait "$nginx"
