#!/bin/bash
# vmemmap.at-block-start: block 40 expected 512 vmemmap pages at its start and none elsewhere, observed 320 at its start, 511 in all
# Source of the rule: linux v6.12 mm/memory_hotplug.c mhp_init_memmap_on_memory()
# Seen with kernel 6.12.117+deb12-amd64.
#
# Needs bash, QEMU (x86-64, 7.2 or later), a static busybox, and the kernel with its modules:
#   KERNEL=vmlinuz MODULES=folder BUSYBOX=/bin/busybox QEMU=qemu-system-x86_64 bash THIS-SCRIPT
# Exit code: 0 the failure shows, 1 it does not, 3 the guest could not be started.
set -u
QEMU=${QEMU:-qemu-system-x86_64}
BUSYBOX=${BUSYBOX:-/bin/busybox}
KERNEL=${KERNEL:?names a bzImage} MODULES=${MODULES:?names the folder of its modules}
TRIES=${TRIES:-1}         # What a kernel does not do every time is tried again, each time in a fresh guest.
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
fail() { echo "cannot reproduce: $*" >&2; exit 3; }
command -v "$QEMU" >/dev/null || fail "there is no $QEMU; QEMU names one"
for file in "$BUSYBOX" "$KERNEL" "$MODULES"; do [ -e "$file" ] || fail "there is no $file"; done

# An initramfs (cpio, newc): busybox, the modules, and an init that takes commands from the second serial port.
pad() { head -c $(( (4 - $1 % 4) % 4 )) /dev/zero; }
entry() {
    size=0; [ -z "$3" ] || size=$(stat -c %s "$3")
    printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\0' \
        $((inode++)) $(($2)) 0 0 1 0 $size 0 0 ${4:-0} ${5:-0} $((${#1} + 1)) 0 "$1"
    pad $((110 + ${#1} + 1)); [ -z "$3" ] || cat "$3"; pad $size
}
cat >"$work/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mount -t debugfs debug /sys/kernel/debug
for module in $(cat /order); do insmod /$module.ko; done
zone() {
    awk -v n="$1," -v z="$2" '$1 == "Node" { on = $2 == n && $4 == z } on && $1 == "spanned" { s = $2 }
        on && $1 == "present" { p = $2 } on && $1 == "managed" { print s, p, $2 }' /proc/zoneinfo
}
page() {
    set -- $(dd if=/proc/kpageflags bs=8 skip=$1 count=1 2>/dev/null | od -An -tu4)
    echo $(($1 >> 10 & 1)) $(($1 >> 23 & 1)) $(($1 >> 19 & 1))
}
on() {          # node command: with memory of that node alone; node -1: of any
    [ $1 = -1 ] && { sh -c "$2"; return; }
    [ -d /nodes ] || { mkdir /nodes; mount -t cgroup2 nodes /nodes; echo +cpuset >/nodes/cgroup.subtree_control; }
    mkdir -p /nodes/$1; echo $1 >/nodes/$1/cpuset.mems
    sh -c "echo \$\$ >/nodes/$1/cgroup.procs; $2"
}
busy() {        # folder node: kernel memory there, for directory entries and inodes
    on $2 "mkdir -p $1; grep -q ' $1 ' /proc/mounts || mount -t tmpfs busy $1; for i in \$(seq 2000); do mkdir -p $1/\$i; done"
}
endless() {     # yes: a worker is in virtio-mem, and isolates pages, at both looks
    for look in 1 2; do
        sleep 2; found=no
        for task in /proc/[0-9]*; do
            case $(cat $task/comm 2>/dev/null) in
                kworker*) grep -q virtio_mem_run_wq $task/stack && grep -q isolate_migratepages $task/stack && found=yes ;;
            esac
        done
    done 2>/dev/null
    echo $found
}
exec </dev/ttyS1 >/dev/ttyS1 2>&1
stty -echo -onlcr
echo done=0
while read -r line; do eval "$line"; echo "done=$?"; done
INIT
inode=1
{
    for folder in bin dev proc sys; do entry $folder 0x41ed ''; done
    entry dev/console 0x2180 '' 5 1
    entry bin/busybox 0x81ed "$BUSYBOX"
    entry init 0x81ed "$work/init"
    for module in virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_balloon virtio_mem \
        hwpoison-inject notifier-error-inject memory-notifier-error-inject; do
        file=$(find "$MODULES" -name "$module.ko" -o -name "$module.ko.xz" | head -1)
        [ -n "$file" ] || continue      # Built in.
        case $file in *.xz) xz -dc "$file" ;; *) cat "$file" ;; esac >"$work/module"
        entry $module.ko 0x81a4 "$work/module"
        echo $module >>"$work/order"
    done
    entry order 0x81a4 "$work/order"
    entry 'TRAILER!!!' 0 ''
} | gzip -1 >"$work/initramfs.gz" || fail 'no initramfs'

mkfifo "$work"/{qmp,guest}.{in,out}
"$QEMU" -M q35,accel=tcg \
    -cpu max,la57=off \
    -m 512M,slots=16,maxmem=16G \
    -smp 1 \
    -nographic -nodefaults \
    -no-user-config -no-reboot \
    -device virtio-serial-pci,id=serial \
    -object memory-backend-ram,id=region,size=1024M \
    -device virtio-mem-pci,id=m1,memdev=region,requested-size=0,node=0 \
    -device virtio-balloon-pci,id=balloon \
    -append 'console=ttyS0 panic=-1 loglevel=1 nokaslr no_timer_check clearcpuid=141 unknown_nmi_panic watchdog_thresh=60 memory_hotplug.memmap_on_memory=force' \
    -kernel "$KERNEL" -initrd "$work/initramfs.gz" -serial file:"$work/console" \
    -chardev pipe,id=guest,path="$work/guest" -serial chardev:guest \
    -chardev pipe,id=qmp,path="$work/qmp" -mon chardev=qmp,mode=control 2>"$work/qemu.log" &
exec 4<>"$work/guest.in" 5<>"$work/guest.out" 6<>"$work/qmp.in" 7<>"$work/qmp.out"

answer() {      # Prints what the guest says to a command.
    while IFS= read -r -t 600 line <&5; do
        line=${line%$'\r'}
        case $line in done=*) return "${line#done=}" ;; *) echo "$line" ;; esac
    done
    tail -n 5 "$work/console" "$work/qemu.log" >&2
    fail 'the guest does not answer'
}
guest() { echo "guest# $1"; printf '%s\n' "$1" >&4; answer || echo "  exit code $?"; }
reply() {       # Reads the monitor until a pattern shows; fails after so many seconds of silence.
    while IFS= read -r -t "$2" line <&7; do [[ $line =~ $1 ]] && { echo "  $line"; return 0; }; done
    return 1
}
qmp() { echo "qmp> $1"; printf '%s\n' "$1" >&6; reply '"return"|"error"' 30; }
add() {         # id MiB node [address]
    qmp '{"execute":"object-add","arguments":{"qom-type":"memory-backend-ram","id":"mem-'$1'","size":'$(($2 << 20))'}}'
    qmp '{"execute":"device_add","arguments":{"driver":"pc-dimm","id":"'$1'","memdev":"mem-'$1'","node":'$3"${4:+,\"addr\":$4}"'}}'
    reply '"ACPI_DEVICE_OST".*"source": 1' 30 || echo '  the guest does not say whether it took it'
}
eject() {       # id
    qmp '{"execute":"device_del","arguments":{"id":"'$1'"}}'
    reply '"DEVICE_DELETED".*"'$1'"|"ACPI_DEVICE_OST".*"status": 130' 10 || { echo '  it goes on'; return; }
    [[ $line =~ DEVICE_DELETED ]] && qmp '{"execute":"object-del","arguments":{"id":"mem-'$1'"}}'
}
resize() {      # bytes
    qmp '{"execute":"qom-set","arguments":{"path":"/machine/peripheral/m1","property":"requested-size","value":'$1'}}'
    for look in $(seq 30); do
        qmp '{"execute":"qom-get","arguments":{"path":"/machine/peripheral/m1","property":"size"}}' >/dev/null
        [[ $line =~ '"return": '$1[^0-9] ]] && break
        sleep 0.1
    done
    # The size is reached before the last block was added or removed: that holds the lock that this write wants.
    sleep 0.1; guest 'echo 1 >/sys/devices/system/memory/memory0/online'
}
balloon() { qmp '{"execute":"balloon","arguments":{"value":'$1'}}'; sleep 3; }
differs=0
fact() {        # what, command, what was seen
    printf '%s\n' "$2" >&4
    now=$(answer)
    [ "$now" = "$3" ] && same='as found' || { same="found was: $3"; differs=1; }
    printf '%-45s %-30s %s\n' "$1" "$now" "$same"
}
verdict() {
    echo
    [ $differs = 0 ] && { echo 'The kernel shows the same failure.'; exit 0; }
    echo 'The kernel shows something else.'
    [ $TRIES -gt 1 ] || exit 1
    kill $(jobs -p) 2>/dev/null; wait 2>/dev/null; rm -rf "$work"
    echo; echo "Once more, in a fresh guest."; echo
    TRIES=$((TRIES - 1)) exec bash "$0"
}

answer || fail 'the guest did not boot'
qmp '{"execute":"qmp_capabilities"}' || fail 'QEMU does not speak QMP'
guest 'echo online >/sys/devices/system/memory/auto_online_blocks'

add d1 128 0 

guest 'echo 1311040 >/sys/kernel/debug/hwpoison/corrupt-pfn'

guest 'echo 1311040 >/sys/kernel/debug/hwpoison/unpoison-pfn'

# What the kernel shows now, and what it showed when this was found.
fact 'memory40: state and zones' 'set -- $(cat /sys/devices/system/memory/memory40/state /sys/devices/system/memory/memory40/valid_zones); echo $*' 'online Normal'
fact 'HardwareCorrupted, kB' 'set -- $(grep HardwareCorrupted /proc/meminfo); echo $2' '0'
fact 'node 0 zone Normal: spanned present managed' 'zone 0 Normal' '32768 32768 32256'
fact 'page 1311040: offline poisoned' 'set -- $(page 1311040); echo $2 $3' '0 0'
verdict
