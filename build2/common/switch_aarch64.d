build2/common/switch_aarch64.o: common/switch_aarch64.S
