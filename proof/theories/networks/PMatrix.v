(** Rule "p-matrix": all principal minors of I + AB are positive, after units that keep their sign have been taken out,
    so the block x + B ReLU(Ax + b) is injective. *)

From Coq Require Import List Bool ZArith QArith Qreals Reals Lra Lia.
From Proof Require Import Layers Networks Streams Integers Rows Domains Interior Tables Combinations Sums.
From Proof.rules Require Import Blocks.
From Proof.networks Require Import PMatrices MinorNodes MinorTrees Interactions SignElimination.
Import ListNotations.
Open Scope Z_scope.

(** * The checker *)

Record minor_block := MinorBlock { block_units : list Z; block_tokens : stream minor_token }.

(** The set with the units of the list; None if one is not among the first k, or there already. *)
Fixpoint with_units (k : Z) (seen : Z) (us : list Z) : option Z :=
  match us with
  | [] => Some seen
  | i :: us' => if (0 <=? i) && (i <? k) && negb (member seen i) then with_units k (with_member seen i) us' else None
  end.

Definition keeps_sign (n : nat) (IK : integer_domain) (active : bool) (r : row) : bool :=
  match integer_row_of n 0 r with
  | Some z =>
      if active then nonnegative IK (weights z) (constant z)
      else nonnegative IK (map Z.opp (weights z)) (- constant z)
  | None => false
  end.

(** The first unit of a list that is not shown to keep its sign. *)
Fixpoint without_sign (n : nat) (IK : integer_domain) (rows : table row) (active : bool) (us : list Z) : option Z :=
  match us with
  | [] => None
  | i :: us' =>
      match entry rows i with
      | Some r => if keeps_sign n IK active r then without_sign n IK rows active us' else Some i
      | None => Some i
      end
  end.

(** The first unit of a set at which a row is not 0. *)
Fixpoint first_nonzero (known : Z) (us row : list Z) : option Z :=
  match us, row with
  | j :: us', a :: row' => if member known j && negb (a =? 0) then Some j else first_nonzero known us' row'
  | _, _ => None
  end.

(** The first row and column of units of a block and of earlier ones at which the matrix is not 0. *)
Fixpoint not_triangular (known : Z) (us : list Z) (m : list (Z * list Z)) : option (Z * Z) :=
  match m with
  | [] => None
  | (i, row) :: m' => match first_nonzero known us row with Some j => Some (i, j) | None => not_triangular known us m' end
  end.

(** The set with the units of a block; None if one is not left, or there already. *)
Fixpoint with_block (all : Z) (known seen : Z) (us : list Z) : option Z :=
  match us with
  | [] => Some seen
  | i :: us' =>
      if (0 <=? i) && member all i && negb (member known i) && negb (member seen i)
      then with_block all known (with_member seen i) us' else None
  end.

Definition first_missing (known : Z) (us : list Z) : option Z := find (fun j => negb (member known j)) us.

(** Block after block; [known] are the units of those before. *)
Fixpoint check_minor_blocks (all : Z) (whole : node) (known minors : Z) (blocks : stream minor_block) : outcome unit :=
  match blocks with
  | Done => match first_missing known (units whole) with Some i => Bad (UnitMissing i) | None => Good tt end
  | More b rest =>
      match with_block all known 0 (block_units b) with
      | None => Bad BlockUnits
      | Some chosen =>
          let rows := filter (fun r => member chosen (fst r)) (matrix whole) in
          match not_triangular known (units whole) rows with
          | Some (i, j) => Bad (EntryNotZero i j)
          | None =>
              let mask := map (member chosen) (units whole) in
              let part := Node (cut mask (units whole)) (map (fun r => (fst r, cut mask (snd r))) rows) (divisor whole) in
              match read_minor_tree minors part (block_tokens b) with
              | Bad why => Bad why
              | Good minors' => check_minor_blocks all whole (fold_left with_member (block_units b) known) minors' rest
              end
          end
      end
  end.

Definition set_of (us : list Z) : Z := fold_left with_member us 0.

Definition check_p_matrix (n : nat) (K : domain) (f : residual_block) (active inactive : list Z) (blocks : stream minor_block)
  : outcome unit :=
  if negb (forallb (fun r => has_length n (normal r)) (hidden f) && has_length n (back f)
    && forallb (has_length (length (hidden f))) (back f)) then Bad WrongShape
  else
    match integer_domain_of n K with
    | None => Bad WrongDomain
    | Some IK =>
        let all := numbers_from 0 (hidden f) in
        let k := Z.of_nat (length (hidden f)) in
        let rows := with_entries no_entries (hidden f) in
        match with_units k 0 active with
        | None => Bad SignUnits
        | Some on =>
            match with_units k on inactive with
            | None => Bad SignUnits
            | Some fixed =>
                match without_sign n IK rows true active, without_sign n IK rows false inactive with
                | Some i, _ => Bad (SignNotShown true i)
                | None, Some i => Bad (SignNotShown false i)
                | None, None =>
                    match interaction f with
                    | None => Bad WrongShape
                    | Some m =>
                        match remaining all (member on) (fun j => negb (member fixed j)) m with
                        | Bad why => Bad why
                        | Good whole => check_minor_blocks (set_of (units whole)) whole 0 0 blocks
                        end
                    end
                end
            end
        end
    end.

Open Scope R_scope.

(** * Signs *)

Lemma with_units_spec : forall k us seen set, with_units k seen us = Some set ->
  (forall i, In i us -> (0 <= i)%Z) /\ forall j, member set j = true <-> member seen j = true \/ In j us.
Proof.
  induction us as [|i us IH]; intros seen set H; cbn [with_units] in H.
  - injection H as <-. split; [intros i []|]. intro j. cbn [In]. tauto.
  - destruct ((0 <=? i)%Z && (i <? k)%Z && negb (member seen i))%bool eqn:B; [|discriminate].
    apply andb_prop in B as [B _]. apply andb_prop in B as [B _]. apply Z.leb_le in B.
    destruct (IH _ _ H) as [P E]. split; [intros j [<-|J]; auto|]. intro j. rewrite E. cbn [In]. split.
    + intros [M|M]; [|tauto]. destruct (member_with seen i j B M) as [->|M']; tauto.
    + intros [M|[<-|M]]; [left; apply member_with_other; assumption|left; apply member_with_self, B|right; exact M].
Qed.

Lemma keeps_sign_sound : forall n K IK active r x, domain_made n K IK -> keeps_sign n IK active r = true -> inside n K x ->
  if active then 0 <= affine r x else affine r x <= 0.
Proof.
  intros n K IK active r x M H X. unfold keeps_sign in H. destruct (integer_row_of n 0 r) as [z|] eqn:E; [|discriminate].
  apply integer_row_of_spec in E as ([L _] & P & V). specialize (V x). unfold value in V. destruct active.
  - apply (nonnegative_sound n K IK _ _ x M) in H; [|lia|exact X].
    rewrite V in H. apply Rmult_le_reg_l with (IZR (denominator z)); lra.
  - apply (nonnegative_sound n K IK _ _ x M) in H; [|rewrite map_length; lia|exact X]. rewrite idot_opp, opp_IZR in H.
    apply Rmult_le_reg_l with (IZR (denominator z)); lra.
Qed.

Lemma without_sign_none : forall n IK layer active us, without_sign n IK (with_entries no_entries layer) active us = None ->
  forall i, In i us -> exists r, nth_error layer (Z.to_nat i) = Some r /\ keeps_sign n IK active r = true.
Proof.
  induction us as [|k us IH]; intros H i I; [destruct I|]. cbn [without_sign] in H.
  destruct (entry (with_entries no_entries layer) k) as [r|] eqn:E; [|discriminate].
  destruct (keeps_sign n IK active r) eqn:S; [|discriminate]. destruct I as [<-|I]; [|apply (IH H i I)].
  exists r. split; [|exact S]. assert (B : (0 <= k)%Z) by (apply entry_number in E; lia).
  apply entry_nth in E; [|cbn; lia]. cbn [size no_entries] in E. rewrite Z.sub_0_r in E. exact E.
Qed.

(** * Blocks *)

Lemma first_nonzero_none : forall s known chosen us row, first_nonzero known us row = None ->
  (forall j, In j us -> member known j = false -> member chosen j = false -> s j = 0) ->
  idot (cut (map (member chosen) us) row) (values s (filter (member chosen) us)) = idot row (values s us).
Proof.
  intros s known chosen. induction us as [|u us IH]; intros row H Z0; [cbn [map cut filter]; rewrite !values_nil; reflexivity|].
  destruct row as [|a row]; [destruct (map (member chosen) (u :: us)) as [|[] l]; reflexivity|].
  cbn [first_nonzero] in H. destruct (member known u && negb (a =? 0)%Z)%bool eqn:B; [discriminate|].
  specialize (IH row H (fun j J => Z0 j (or_intror J))). rewrite idot_values_cons. cbn [map cut filter].
  destruct (member chosen u) eqn:C; [rewrite idot_values_cons, IH; reflexivity|]. rewrite IH.
  destruct (member known u) eqn:M.
  - cbn [andb] in B. apply negb_false_iff, Z.eqb_eq in B. subst a. ring.
  - rewrite (Z0 u (or_introl eq_refl) M C). ring.
Qed.

Lemma not_triangular_none : forall known us m, not_triangular known us m = None ->
  forall i row, In (i, row) m -> first_nonzero known us row = None.
Proof.
  induction m as [|[k r] m IH]; intros H i row I; [destruct I|]. cbn [not_triangular] in H.
  destruct (first_nonzero known us r) eqn:F; [discriminate|].
  destruct I as [I|I]; [injection I as <- <-; exact F|apply (IH H i row I)].
Qed.

Lemma with_block_spec : forall all known us seen set, with_block all known seen us = Some set ->
  (forall i, In i us -> (0 <= i)%Z) /\ forall j, member seen j = true \/ In j us -> member set j = true.
Proof.
  induction us as [|i us IH]; intros seen set H; cbn [with_block] in H.
  - injection H as <-. split; [intros i []|]. intros j [M|[]]. exact M.
  - destruct ((0 <=? i)%Z && member all i && negb (member known i) && negb (member seen i))%bool eqn:B; [|discriminate].
    apply andb_prop in B as [B _]. apply andb_prop in B as [B _]. apply andb_prop in B as [B _]. apply Z.leb_le in B.
    destruct (IH _ _ H) as [P E]. split; [intros j [<-|J]; auto|]. intros j [M|[<-|M]]; apply E.
    + left. apply member_with_other; assumption.
    + left. apply member_with_self, B.
    + right. exact M.
Qed.

Lemma members_after : forall us known j, (forall i, In i us -> (0 <= i)%Z) ->
  member (fold_left with_member us known) j = true -> member known j = true \/ In j us.
Proof.
  induction us as [|i us IH]; intros known j P M; [left; exact M|]. cbn [fold_left] in M.
  destruct (IH _ j (fun k I => P k (or_intror I)) M) as [M'|I]; [|right; right; exact I].
  destruct (member_with known i j (P i (or_introl eq_refl)) M') as [->|M'']; [right; left; reflexivity|left; exact M''].
Qed.

(** From the last block to the first: no unit is left at which s is not 0. *)
Theorem check_minor_blocks_sound : forall s all whole blocks known minors,
  check_minor_blocks all whole known minors blocks = Good tt -> well_formed whole ->
  (forall i row, In (i, row) (matrix whole) -> s i * idot row (values s (units whole)) <= 0) ->
  forall j, In j (units whole) -> member known j = false -> s j = 0.
Proof.
  intros s all whole. induction blocks as [|b rest IH]; intros known minors H W R j J NK; cbn [check_minor_blocks] in H.
  - destruct (first_missing known (units whole)) as [i|] eqn:F; [discriminate|].
    assert (N := find_none _ _ F j J). cbn in N. rewrite NK in N. discriminate.
  - destruct (with_block all known 0 (block_units b)) as [chosen|] eqn:C; [|discriminate].
    destruct (with_block_spec _ _ _ _ _ C) as [P CS].
    destruct (not_triangular known (units whole) _) as [[? ?]|] eqn:T; [discriminate|].
    destruct (read_minor_tree minors _ (block_tokens b)) as [minors'|] eqn:M; [|discriminate].
    specialize (IH _ _ H W R). rewrite cut_map in M.
    assert (Z0 : forall k, In k (units whole) -> member known k = false -> member chosen k = false -> s k = 0).
    { intros k KI KN KC. apply IH; [exact KI|].
      destruct (member (fold_left with_member (block_units b) known) k) eqn:MK; [|reflexivity].
      destruct (members_after _ _ _ P MK) as [E|E]; [congruence|]. rewrite (CS k (or_intror E)) in KC. discriminate. }
    destruct (member chosen j) eqn:CJ; [|apply Z0; assumption].
    set (part := Node (filter (member chosen) (units whole))
      (changed (member chosen) (cut (map (member chosen) (units whole))) (matrix whole)) (divisor whole)).
    assert (WP : well_formed part) by apply well_formed_changed, W.
    apply (no_sign_reversed (units part) (entries part)); [apply WP| | |apply filter_In; auto].
    { apply (read_minor_tree_sound _ _ _ _ M), WP. }
    intros a A. destruct (rows_in part a WP A) as (row & I & E). unfold applied, entries. rewrite E, <- idot_units by apply WP.
    apply in_map_iff in I as ([k full] & KE & I). injection KE as -> <-. cbn [snd].
    replace (idot _ _) with (idot full (values s (units whole))).
    + apply R. apply filter_In in I. tauto.
    + symmetry. apply (first_nonzero_none s known); [|exact Z0]. apply (not_triangular_none _ _ _ T a full I).
Qed.

(** * Two points with one value *)

Lemma relu_difference : forall a b, (relu a - relu b) * (relu a - relu b - (a - b)) <= 0.
Proof.
  intros a b. unfold relu, Rmax. destruct (Rle_dec a 0), (Rle_dec b 0).
  - lra.
  - assert (0 <= b * - a) by (apply Rmult_le_pos; lra). lra.
  - assert (0 <= a * - b) by (apply Rmult_le_pos; lra). lra.
  - lra.
Qed.

Theorem check_p_matrix_sound : forall n K f active inactive blocks,
  check_p_matrix n K f active inactive blocks = Good tt -> block_injective n K f.
Proof.
  intros n K f active inactive blocks H x y X Y E. unfold check_p_matrix in H.
  destruct (negb _) eqn:SH in H; [discriminate|]. apply negb_false_iff in SH.
  apply andb_prop in SH as [SH BL]. apply andb_prop in SH as [HL BN]. rewrite forallb_forall in HL, BL.
  apply has_length_spec in BN.
  assert (HL' : forall r, In r (hidden f) -> length (normal r) = n) by (intros r I; apply has_length_spec, HL, I).
  assert (BL' : forall r, In r (back f) -> length r = length (hidden f)) by (intros r I; apply has_length_spec, BL, I).
  clear HL BL. destruct (integer_domain_of n K) as [IK|] eqn:D; [|discriminate]. apply integer_domain_of_spec in D.
  destruct (with_units _ 0 active) as [on|] eqn:ON; [|discriminate].
  destruct (with_units _ on inactive) as [fixed|] eqn:FX; [|discriminate].
  destruct (without_sign n IK _ true active) as [|] eqn:S1; [discriminate|].
  destruct (without_sign n IK _ false inactive) as [|] eqn:S2; [discriminate|].
  destruct (interaction f) as [m|] eqn:M; [|discriminate].
  destruct (remaining _ _ _ m) as [whole|] eqn:R; [|discriminate].
  destruct (with_units_spec _ _ _ _ ON) as [_ ON1]. destruct (with_units_spec _ _ _ _ FX) as [_ FX1].
  destruct (interaction_spec n f m M HL' BL') as (MU & ML & _).
  destruct (interaction_of_points n f x y HL' BN BL' E m M) as (F & FP & MS).
  apply (no_difference n f x y BN BL' E).
  set (all := numbers_from 0 (hidden f)) in *. set (s := output_difference f x y) in *.
  assert (active_unit : forall i r, member on i = true -> nth_error (hidden f) (Z.to_nat i) = Some r ->
    0 <= affine r x /\ 0 <= affine r y).
  { intros i r O N. apply ON1 in O as [O|O]; [rewrite member_none in O; discriminate|].
    destruct (without_sign_none _ _ _ _ _ S1 i O) as (r' & N' & KS). rewrite N in N'. injection N' as <-.
    split; [apply (keeps_sign_sound n K IK true r x D KS X)|apply (keeps_sign_sound n K IK true r y D KS Y)]. }
  assert (inactive_unit : forall j, In j all -> member on j = false -> member fixed j = true -> s j = 0).
  { intros j J O O'. apply FX1 in O' as [O'|O']; [congruence|].
    rewrite <- MU in J. apply in_map_iff in J as ([k row] & EQ & I). cbn [fst] in EQ. subst k.
    destruct (MS j row I) as (r & N & V & _). destruct (without_sign_none _ _ _ _ _ S2 j O') as (r' & N' & KS).
    rewrite N in N'. injection N' as <-. assert (BX := keeps_sign_sound n K IK false r x D KS X).
    assert (BY := keeps_sign_sound n K IK false r y D KS Y). cbn in BX, BY.
    rewrite V. unfold relu. rewrite !Rmax_right by assumption. ring. }
  destruct (remaining_sound s _ _ _ _ _ R) as (U & W & RW & KER).
  { apply numbers_from_different. }
  { exact MU. }
  { exact ML. }
  { intros j O. rewrite (proj2 (FX1 j) (or_introl O)). reflexivity. }
  { intros j J O O'. apply negb_false_iff in O'. apply (inactive_unit j J O O'). }
  { intros i row I O. destruct (MS i row I) as (r & N & SE & V). destruct (active_unit i r O N) as [PX PY]. rewrite V, SE.
    unfold relu. rewrite !Rmax_left by assumption. ring. }
  assert (VZ : forall j, In j (units whole) -> s j = 0).
  { intros j J. apply (check_minor_blocks_sound s _ _ _ _ _ H W); [|exact J|apply member_none].
    intros i r I. destruct (RW i r I) as (row & c & I' & C & EQ). destruct (MS i row I') as (h & _ & SE & V).
    rewrite EQ, V. assert (RD := relu_difference (affine h x) (affine h y)). rewrite <- SE in RD.
    assert (CF : 0 < c * F) by (apply Rmult_lt_0_compat; assumption).
    apply Rmult_le_compat_l with (r := c * F) in RD; lra. }
  intros j J. destruct (member on j) eqn:O; [apply (KER VZ j J O)|].
  destruct (member fixed j) eqn:O'; [apply (inactive_unit j J O O')|].
  apply VZ. rewrite U. apply filter_In. split; [exact J|]. rewrite O'. reflexivity.
Qed.
