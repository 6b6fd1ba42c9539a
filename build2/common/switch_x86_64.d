build2/common/switch_x86_64.o: common/switch_x86_64.S
